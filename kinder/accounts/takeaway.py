"""One's own data as files: one JSON, or a zip of CSV tables that a spreadsheet opens."""

import csv
import io
import json
import zipfile
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

Exported = dict[str, dict[str, list[dict[str, Any]]]]

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_json(exported: Exported) -> bytes:
    """Return everything as one JSON object: room → kind of record → rows."""
    text = json.dumps(exported, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    return text.encode()


def write_tables(exported: Exported) -> bytes:
    """Return a zip with a CSV for each kind of record that has rows, and a note on what it is."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "README.txt",
            _(
                "Everything that Kinder holds about you, a table for each kind of record. "
                "Times are in UTC unless they say otherwise."
            )
            + "\n",
        )
        for room, kinds in exported.items():
            for kind, rows in kinds.items():
                if rows:
                    name = f"{room}-{kind.replace('.', '-')}.csv"
                    # With the mark by which spreadsheets know UTF-8.
                    archive.writestr(name, "\ufeff" + _write_table(rows))
    return packed.getvalue()


def write_rows(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """Return rows as CSV with the `columns` in their order; no cell is taken for a formula."""
    text = io.StringIO()
    table = csv.DictWriter(text, columns, extrasaction="ignore")
    table.writeheader()
    for row in rows:
        table.writerow({name: _as_cell(row.get(name)) for name in columns})
    return text.getvalue()


def _write_table(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return write_rows(rows, columns)


def _as_cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        value = json.loads(json.dumps(value, cls=DjangoJSONEncoder))
        if not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if value.startswith(_FORMULA) else value
