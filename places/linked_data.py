"""Says what a place is in the words of schema.org, for search engines and other machines."""

import json
from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from places.gatherings import Occasion
from places.models import Gathering, Place

_ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


def describe_for_machines(place: Place, address: str) -> SafeString:
    """Return JSON-LD of `place`, safe inside a script element; `address` is its page."""
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Place",
        "@id": address,
        "name": place.name,
        "geo": {
            "@type": "GeoCoordinates",
            "latitude": round(place.point.y, 6),
            "longitude": round(place.point.x, 6),
        },
        "publicAccess": True,
    }
    if place.address or place.postcode:
        facts["address"] = {
            "@type": "PostalAddress",
            "streetAddress": place.address,
            "postalCode": place.postcode,
        }
    if place.is_free_to_stay:
        facts["isAccessibleForFree"] = True
    facts |= {
        name: value
        for name, value in (
            ("description", place.description),
            ("telephone", place.telephone),
            ("sameAs", place.website),
        )
        if value
    }
    return write_for_script(facts)


def describe_gathering_for_machines(
    gathering: Gathering, times: Sequence[Occasion], address: str
) -> SafeString:
    """Return JSON-LD of `gathering`, an Event for each of `times`; `address` is its page."""
    place = gathering.place
    where: dict[str, Any] = {
        "@type": "Place",
        "name": place.name,
        "geo": {
            "@type": "GeoCoordinates",
            "latitude": round(place.point.y, 6),
            "longitude": round(place.point.x, 6),
        },
        "address": {
            "@type": "PostalAddress",
            "streetAddress": place.address,
            "postalCode": place.postcode,
        },
    }
    event: dict[str, Any] = {
        "@type": "Event",
        "name": gathering.title,
        "url": address,
        "location": where,
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
    }
    if gathering.description:
        event["description"] = gathering.description
    if gathering.organisation is not None:
        event["organizer"] = {"@type": "Organization", "name": gathering.organisation.name}
    if gathering.capacity:
        event["maximumAttendeeCapacity"] = gathering.capacity
    if gathering.language:
        event["inLanguage"] = gathering.language
    events = [
        event
        | {
            "@id": f"{address}#{one.on.isoformat()}",
            "startDate": one.starts_at.isoformat(),
            "endDate": one.ends_at.isoformat(),
            "eventStatus": "https://schema.org/"
            + ("EventCancelled" if one.is_cancelled else "EventScheduled"),
        }
        for one in times
    ]
    return write_for_script({"@context": "https://schema.org", "@graph": events})


def write_for_script(facts: dict[str, Any]) -> SafeString:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(facts, ensure_ascii=False)
    return mark_safe(text.translate(_ESCAPES))  # noqa: S308 - its markup was escaped above
