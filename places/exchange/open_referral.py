"""Reads Open Referral UK (HSDS 3): a file, or a feed page by page.

A feed seldom comes whole: what cannot be read of it becomes a row that says so, and the rest goes
on. People's names, telephone numbers of contacts and e-mail addresses are not read.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kinder.accounts.fetching import FetchError
from places.exchange.batches import ImportRefusedError
from places.exchange.drafts import (
    LONGEST_DESCRIPTION,
    SIZES,
    Draft,
    check_facts,
    find_position,
    is_web_address,
    load_json,
)
from places.exchange.kinds import read_kind
from places.exchange.osm import KEPT_AS_WORDS, KeptHours, keep_hours
from places.postcodes import tidy_postcode
from places.week import DAYS, Week, write_week

MOST_PAGES = 500
# So many pages in a row that cannot be read, and a feed is given up.
MOST_LOST = 3
NO_FEED = "This address is no Open Referral feed."
# What fetch_services gives in place of a page or a service that could not be read.
UNREAD = "unread"


def fetch_services(
    address: str, *, ask: Callable[[str], Any], beat: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield the services of a feed with their locations; `ask` gives the JSON at an address, `beat`
    is called after each.

    A page or service that cannot be read is {"unread": why, "name": which}. Where not even the
    first page can be, ImportRefusedError or FetchError says why.
    """
    base = address.split("?", maxsplit=1)[0].rstrip("/").removesuffix("/services")
    lost, before, pages = 0, None, MOST_PAGES
    for number in range(1, MOST_PAGES + 1):
        try:
            page = _ask_twice(ask, f"{base}/services?page={number}&per_page=50")
            listed = page.get("contents") if isinstance(page, dict) else page
            if not isinstance(listed, list):
                raise ImportRefusedError(NO_FEED)
        except (FetchError, ImportRefusedError) as error:
            if number == 1:
                raise
            lost += 1
            yield {UNREAD: f"a page of the feed cannot be read: {_why(error)}",
                   "name": f"{base}/services?page={number}"}  # fmt: skip
            if lost == MOST_LOST or number >= pages:
                return
            beat()
            continue
        lost = 0
        # A server that knows no pages gives the same one for ever.
        if not listed or listed == before:
            return
        before = listed
        for service in listed:
            yield _complete(service, base, ask)
            beat()
        if not isinstance(page, dict) or page.get("last_page", True):
            return
        if isinstance(page.get("total_pages"), int):
            pages = page["total_pages"]
        beat()
    yield {
        UNREAD: f"the feed is longer than {MOST_PAGES} pages: the rest was not read",
        "name": base,
    }


def _ask_twice(ask: Callable[[str], Any], address: str) -> Any:
    try:
        return ask(address)
    except FetchError:
        return ask(address)


def _complete(service: Any, base: str, ask: Callable[[str], Any]) -> dict[str, Any]:
    """Return a service of a list with its locations, which most feeds tell only when asked."""
    if not isinstance(service, dict):
        return {UNREAD: "an entry of the feed is no service", "name": ""}
    if service.get("service_at_locations") or not service.get("id"):
        return service
    try:
        found = _ask_twice(ask, f"{base}/services/{service['id']}")
        if not isinstance(found, dict):
            raise ImportRefusedError("it is no service")
    except (FetchError, ImportRefusedError) as error:
        told = f"a service of the feed cannot be read: {_why(error)}"
        return {UNREAD: told, "name": _cell(service.get("name"))}
    return found


def _why(error: Exception) -> str:
    return str(getattr(error, "reason", error))


def read_hsds(path: Path, options: Mapping[str, Any]) -> Iterator[Draft]:
    """Yield a draft for each location of Open Referral services (or of locations alone); raises
    ImportRefusedError where there is none at all."""
    seen: set[str] = set()
    number = 0
    for location, service in _locations(load_json(path)):
        reference = _cell(location.get("id"))[:80]
        if reference and reference in seen:
            continue
        seen.add(reference)
        number += 1
        if UNREAD in service:
            problem = str(service[UNREAD])
            name = _cell(service.get("name"))[: SIZES["name"]]
            yield Draft(number, "", {"name": name}, problem, warning=problem)
            continue
        if not location:
            name = _cell(service.get("name"))[: SIZES["name"]]
            yield Draft(number, "", {"name": name}, "the service names no location")
            continue
        yield _draft_location(number, reference, location, service, options)
    if not number:
        raise ImportRefusedError(
            "This is no Open Referral JSON with places: it holds no services and no locations."
        )


def _locations(told: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each location with its service; an empty location of a service that names none."""
    if isinstance(told, dict):
        told = next((told[key] for key in ("contents", "services") if key in told), [told])
    if not isinstance(told, list):
        raise ImportRefusedError("This is no Open Referral JSON.")
    for one in told:
        if not isinstance(one, dict):
            yield {}, {UNREAD: "an entry of the list is no service", "name": ""}
        elif UNREAD in one:
            yield {}, one
        elif "latitude" in one or "location_type" in one:
            yield one, {}
        elif isinstance(one.get("location"), dict):
            service = one.get("service")
            yield (
                one["location"],
                {**(service if isinstance(service, dict) else {}), **_only(one, "schedules")},
            )
        elif found := [
            at for at in _dicts(one.get("service_at_locations"))
            if isinstance(at.get("location"), dict)
        ]:  # fmt: skip
            for at in found:
                yield at["location"], {**one, **_only(at, "schedules")}
        elif "id" in one and "name" in one:
            yield {}, one


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _cell(value: object) -> str:
    return str(value).replace("\x00", "").strip() if isinstance(value, str | int | float) else ""


def _only(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: told[name]} if told.get(name) else {}


def _draft_location(
    number: int,
    reference: str,
    location: Mapping[str, Any],
    service: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Draft:
    address = next(iter(_dicts(location.get("addresses"))), {})
    phones = [*_dicts(location.get("phones")), *_dicts(service.get("phones"))]
    kind = _kind_of(service, location) or options.get("kind", "")
    notes: list[str] = []
    facts: dict[str, Any] = {
        "name": _cell(location.get("name") or service.get("name"))[: SIZES["name"]],
        "kind": kind,
        "address": ", ".join(
            _cell(address.get(name)) for name in ("address_1", "address_2", "city")
            if address.get(name)
        )[: SIZES["address"]],
        "postcode": tidy_postcode(_cell(address.get("postal_code"))) or "",
        "description": _cell(location.get("description") or service.get("description"))[
            :LONGEST_DESCRIPTION
        ],
        "website": _cell(location.get("url") or service.get("url"))[: SIZES["website"]],
        "telephone": _cell(phones[0].get("number")).strip('"')[: SIZES["telephone"]]
        if phones else "",
    }  # fmt: skip
    other = _cell(location.get("alternate_name"))
    if other and other != facts["name"]:
        facts["alt_names"] = [["en", other[: SIZES["name"]]]]
    facts["languages"] = sorted(
        {_cell(one.get("code"))[:8] for one in _dicts(location.get("languages")) if one.get("code")}
    )
    hours = _hours_of(_dicts(location.get("schedules")) or _dicts(service.get("schedules")), notes)
    facts |= {"opening_hours": hours.text, "are_hours_unread": hours.is_unread}
    if not is_web_address(facts["website"]):
        facts["website"] = ""
    problem = find_position(
        facts, _cell(location.get("latitude")), _cell(location.get("longitude")), None, notes
    )
    return Draft(
        number,
        reference,
        facts,
        check_facts(facts) or problem,
        tuple(note[:240] for note in notes),
    )


def _kind_of(*things: Mapping[str, Any]) -> str:
    for thing in things:
        for attribute in _dicts(thing.get("attributes")):
            term = attribute.get("taxonomy_term")
            if not isinstance(term, dict):
                continue
            for word in (term.get("code"), term.get("name"), term.get("id")):
                kind = read_kind(str(word)) if word else None
                if kind:
                    return kind.value
    return ""


def _hours_of(schedules: Iterable[Mapping[str, Any]], notes: list[str]) -> KeptHours:
    """Return weekly schedules (RRULE's BYDAY with opens_at and closes_at) as opening hours; what
    they say in words only is kept as words."""
    days: list[list[str]] = [[] for _ in DAYS]
    words = []
    for one in schedules:
        if not one.get("opens_at") or not one.get("closes_at"):
            words.append(_cell(one.get("description")))
            continue
        if str(one.get("freq", "WEEKLY")).upper() != "WEEKLY" or (one.get("interval") or 1) not in (
            1,
            "1",
        ):
            notes.append("hours that are not weekly were left out")
            continue
        span = f"{str(one['opens_at'])[:5]}-{str(one['closes_at'])[:5]}"
        for code in re.findall(r"MO|TU|WE|TH|FR|SA|SU", str(one.get("byday") or "").upper()):
            days[DAYS.index(code.title())].append(span)
    written = write_week(Week(tuple(tuple(sorted(set(spans))) for spans in days)))
    hours = keep_hours(written if any(days) else "; ".join(filter(None, words)))
    if hours.is_unread:
        notes.append(f"{KEPT_AS_WORDS}: {hours.text}")
    return hours
