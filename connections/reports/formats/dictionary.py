"""What the columns, codes and marks of a table of figures mean, in each language of reports."""

import csv
import io
from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from connections.indicators.definitions import Indicator
from connections.indicators.models import Figure
from connections.reports.formats.table import COLUMNS, Column, guard
from connections.reports.reading import explain
from connections.reports.wording import MARKS
from kinder.words import has_reports

DICTIONARY_COLUMNS = (
    Column("kind", "string", "What the row tells of: a column, indicator, status or bound."),
    Column("code", "string", "The column's name, or the code as it stands in the table."),
    Column("name", "string", "What it is called in this language."),
    Column("unit", "string", "What the values of an indicator count in."),
    Column("meaning", "string", "What a column holds; the question that an indicator answers."),
    Column("formula", "string", "How an indicator is made."),
    Column("caveat", "string", "What must be known to read an indicator."),
    Column("cannot_tell", "string", "What an indicator cannot tell."),
)
"""Named alike in every language, so that programs may join any of them to the figures."""

_SEEN = {
    Figure.Status.SHOWN: _("The figure is shown."),
    Figure.Status.BOUND: _("Only a bound is shown, in words."),
}


def write_dictionaries(indicators: Iterable[Indicator]) -> dict[str, bytes]:
    """Return by language, of those that reports are offered in, a dictionary as CSV."""
    told = list(indicators)
    return {
        language: _write_dictionary(told, language)
        for language, _name in settings.LANGUAGES
        if has_reports(language)
    }


def _write_dictionary(indicators: Iterable[Indicator], language: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in DICTIONARY_COLUMNS])
    with override(language):
        rows = [
            *(("column", c.name, "", "", str(c.description), "", "", "") for c in COLUMNS),
            *(
                (
                    "indicator",
                    item.code,
                    str(item.name),
                    str(item.unit.label),
                    str(item.question),
                    str(item.formula),
                    str(item.caveat),
                    str(item.cannot_tell),
                )
                for item in indicators
            ),
            *(
                (
                    "status",
                    status.value,
                    MARKS.get(status.value, ""),
                    "",
                    explain(status.value) or str(_SEEN[status]),
                    "",
                    "",
                    "",
                )
                for status in Figure.Status
            ),
            *(
                ("bound", bound.value, str(bound.label), "", "", "", "", "")
                for bound in Figure.Bound
            ),
        ]
    writer.writerows([guard(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
