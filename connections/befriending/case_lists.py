"""A service's cases in and out: a list brought along from elsewhere, and everything taken away.

The list is CSV with the columns of COLUMNS; a row that can't be read is refused with the reason,
the others are taken. What is taken away is a ZIP of CSV files, one a table, without concerns.
"""

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from connections.befriending.forms import areas_of
from connections.befriending.models import (
    Agreement,
    AgreementSignature,
    Arrangement,
    Assessment,
    Check,
    Ending,
    Expense,
    Match,
    Meeting,
    Participant,
    Pause,
    Reference,
    Referral,
    Review,
    ScaleAnswer,
    Service,
    Supervision,
    Training,
    UploadedScale,
    Visit,
    Volunteer,
)
from connections.befriending.vocabulary import SPOKEN, ReferralSource, ReferralState
from kinder.accounts.encryption import decrypt

COLUMNS = ("name", "contact", "neighbourhood", "languages", "interests", "received_on", "source",
           "consented", "state")  # fmt: skip
MOST_ROWS = 2_000
STATES = (ReferralState.NEW.value, ReferralState.WAITING.value)
_RISKY = ("=", "+", "-", "@", "\t", "\r")


class CaseListError(ValueError):
    """The file is no list of cases; the message says why."""


@dataclass(frozen=True)
class CaseRow:
    """One line of the list: the participant's and the referral's fields, or why not."""

    line: int
    person: dict[str, Any]
    facts: dict[str, Any]
    wrong: str = ""


def read_cases(service: Service, text: str) -> list[CaseRow]:
    """Read a list of cases; CaseListError where it is none at all."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        return _read_all(service, reader)
    except csv.Error as error:
        # A cell as long as a book.
        raise CaseListError(_("This is no table that can be read.")) from error


def _read_all(service: Service, reader: "csv.DictReader[str]") -> list[CaseRow]:
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise CaseListError(_("These columns are missing: %s") % ", ".join(missing))
    areas: dict[str, Any] = {}
    for area in areas_of(service):
        areas.setdefault(area.name.casefold(), area)
        areas[area.code.casefold()] = area
    rows: list[CaseRow] = []
    for row in reader:
        if len(rows) >= MOST_ROWS:
            raise CaseListError(_("More than %s rows: bring them in parts.") % MOST_ROWS)
        told = {name: (row.get(name) or "").strip() for name in COLUMNS}
        rows.append(_read(reader.line_num, told, areas))
    if not rows:
        raise CaseListError(_("The list has no rows."))
    return rows


def _read(line: int, told: dict[str, str], areas: dict[str, Any]) -> CaseRow:
    area = areas.get(told["neighbourhood"].casefold())
    languages = [code.strip() for code in told["languages"].split(";") if code.strip()]
    wrong = ""
    received = None
    try:
        received = dt.date.fromisoformat(told["received_on"])
    except ValueError:
        wrong = _("the day is not written as 2026-01-31")
    if not told["name"] or len(told["name"]) > 120:
        wrong = _("the name is missing or too long")
    elif area is None:
        wrong = _("the neighbourhood is not one of this service")
    elif not languages or any(code not in dict(SPOKEN) for code in languages):
        wrong = _("a language is missing or unknown: use codes such as en;pl")
    elif told["source"] not in ReferralSource.values:
        wrong = _("the source is none of: %s") % ", ".join(ReferralSource.values)
    elif told["consented"] not in ("yes", "no"):
        wrong = _("consented is yes or no")
    elif told["state"] not in STATES:
        wrong = _("the state is new or waiting")
    elif told["state"] == ReferralState.WAITING and told["consented"] == "no":
        wrong = _("nobody waits without having agreed")
    elif received and received > dt.date.today():  # noqa: DTZ011 - a day in a file has no zone
        wrong = _("the day is still to come")
    interests = [one.strip().lower()[:40] for one in told["interests"].split(";") if one.strip()]
    return CaseRow(
        line=line,
        person={
            "name": told["name"],
            "contact": told["contact"][:160],
            "travel_area": area,
            "languages": languages,
            "interests": interests,
        },
        facts={
            "source": told["source"],
            "received_on": received,
            "has_consented": told["consented"] == "yes",
            "state": told["state"],
        },
        wrong=wrong,
    )


def export_service(service: Service) -> bytes:
    """Return everything that a service holds but concerns, as a ZIP of CSV files, notes readable.
    Called while somebody who runs the service acts: the database gives their rows alone."""
    matches = Match.objects.filter(service=service)
    volunteers = Volunteer.objects.filter(service=service)
    of_matches, of_volunteers = {"match__in": matches}, {"volunteer__in": volunteers}
    tables: tuple[QuerySet[Any], ...] = (
        Participant.objects.filter(service=service),
        volunteers,
        Referral.objects.filter(service=service),
        matches,
        Agreement.objects.filter(**of_matches),
        AgreementSignature.objects.filter(agreement__match__in=matches),
        Arrangement.objects.filter(**of_matches),
        Meeting.objects.filter(**of_matches),
        Review.objects.filter(**of_matches),
        Pause.objects.filter(**of_matches),
        Ending.objects.filter(**of_matches),
        Visit.objects.filter(**of_matches),
        Assessment.objects.filter(referral__service=service),
        Check.objects.filter(**of_volunteers),
        Reference.objects.filter(**of_volunteers),
        Training.objects.filter(**of_volunteers),
        Supervision.objects.filter(**of_volunteers),
        Expense.objects.filter(**of_volunteers),
        ScaleAnswer.objects.filter(participant__service=service),
        UploadedScale.objects.filter(service=service),
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for rows in tables:
            archive.writestr(f"{rows.model._meta.model_name}.csv", _write(rows))
    return packed.getvalue()


def _write(rows: QuerySet[Any]) -> str:
    model: type[Model] = rows.model
    fields = [field for field in model._meta.concrete_fields if field.attname != "user_id"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([field.attname.replace("_ciphertext", "") for field in fields])
    for row in rows.order_by("pk"):
        writer.writerow([_tell(getattr(row, field.attname), field.attname) for field in fields])
    return out.getvalue()


def _tell(value: Any, name: str) -> str:
    """Return a value as it stands in the file; what a spreadsheet would run is disarmed."""
    if value is None:
        return ""
    if name.endswith("_ciphertext"):
        value = decrypt(value)
    elif isinstance(value, dict) or (isinstance(value, list) and value and name == "questions"):
        value = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, list):
        value = ";".join(str(one) for one in value)
    text = str(value)
    return f"'{text}" if text.startswith(_RISKY) and not isinstance(value, int) else text


def count_good(rows: Iterable[CaseRow]) -> int:
    return sum(not row.wrong for row in rows)
