"""All formats in one archive, with a Frictionless data package that describes the table."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connections.indicators.quarters import name_quarter
from connections.reports.content import Content
from connections.reports.formats.dictionary import DICTIONARY_COLUMNS
from connections.reports.formats.excel import write_xlsx
from connections.reports.formats.page import write_html
from connections.reports.formats.pdf import write_pdf
from connections.reports.formats.plain import write_geojson, write_json
from connections.reports.formats.table import COLUMNS, Column, write_csv
from connections.reports.vocabulary import Format
from connections.reports.wording import LICENCE

# An archive's earliest day: the same bytes whenever it is made.
MADE_AT = (1980, 1, 1, 0, 0, 0)
FIGURES_KEY = ("release", "version", "area_code", "indicator")
DICTIONARY_KEY = ("kind", "code")


def describe_package(
    *,
    name: str,
    title: str,
    version: str,
    table: bytes,
    sources: Sequence[str],
    dictionaries: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return datapackage.json for figures.csv (Frictionless Data Package 1), and for `dictionaries`
    by the language in which each is written."""
    package: dict[str, Any] = {
        "profile": "tabular-data-package",
        "name": name,
        "title": title,
        "version": version,
        "licenses": [{"name": LICENCE.code, "path": LICENCE.url, "title": LICENCE.name}],
        "sources": [{"title": source} for source in sources if source],
        "resources": [
            _describe_table("figures", table, COLUMNS, FIGURES_KEY),
            *(
                _describe_table(
                    f"dictionary-{language}", written, DICTIONARY_COLUMNS, DICTIONARY_KEY
                )
                for language, written in (dictionaries or {}).items()
            ),
        ],
    }
    return json.dumps(package, ensure_ascii=False, indent=2).encode()


def _describe_table(
    name: str, table: bytes, columns: Sequence[Column], key: Sequence[str]
) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "hash": f"sha256:{hashlib.sha256(table).hexdigest()}",
        "bytes": len(table),
        "schema": {
            "fields": [
                {"name": c.name, "type": c.type, "description": str(c.description)} for c in columns
            ],
            "missingValues": [""],
            "primaryKey": list(key),
        },
    }


def write_archive(files: dict[str, bytes]) -> bytes:
    """Return a zip of `files`, the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, MADE_AT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def write_zip(content: Content, made: Mapping[Format, bytes] | None = None) -> bytes:
    """Return every format of the report in one archive, of files already `made` where there are."""
    made = made or {}

    def take(file_format: Format, write: Callable[[Content], bytes]) -> bytes:
        return made[file_format] if file_format in made else write(content)

    table = take(Format.CSV, write_csv)
    period = name_quarter(content.release.quarter_id)
    package = describe_package(
        name=f"kinder-{period.lower()}",
        title=f"{content.title}, {content.season}",
        version=str(content.release.version),
        table=table,
        sources=[content.release.geography.attribution],
    )
    return write_archive(
        {
            "report.html": take(Format.HTML, write_html),
            "report.pdf": take(Format.PDF, write_pdf),
            "report.xlsx": take(Format.XLSX, write_xlsx),
            "figures.csv": table,
            "figures.json": take(Format.JSON, write_json),
            "areas.geojson": take(Format.GEOJSON, write_geojson),
            "datapackage.json": package,
        }
    )
