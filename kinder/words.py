"""The translated words of residents' pages and of area reports: which sources hold them, and the
catalogues.

A catalogue is `locale/<language>/LC_MESSAGES/django.po`, kept in the repository; `bin/manage
collect_words` brings it up to date with the sources, `compile_words` makes the .mo that pages read.
Babel does both, so that no gettext programs are needed. Workers' pages are in English.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

# Which files speak to residents. A page that extends base_worker.html never does.
SOURCES = (
    "templates/*.html",
    "templates/_parts/*.html",
    "templates/account/**/*.html",
    "templates/account/**/*.txt",
    "templates/accounts/erase*.html",
    "templates/accounts/my_data.html",
    "templates/accounts/_holding.html",
    "templates/accounts/data_protection.html",
    "templates/accounts/prove.html",
    "templates/interactions/**/*.html",
    "templates/interactions/**/*.txt",
    "templates/pages/**/*.html",
    "templates/places/**/*.html",
    "kinder/accounts/forms.py",
    "kinder/accounts/recovery.py",
    "kinder/dates.py",
    "kinder/pages/*.py",
    "kinder/settings.py",
    "connections/indicators/definitions/leading.py",
    "connections/interactions/**/*.py",
    "places/*.py",
    "places/company/*.py",
)
# What released figures, their pages and their files say, in every format.
REPORT_SOURCES = (
    "connections/indicators/definitions/*.py",
    "connections/indicators/vocabulary.py",
    "connections/reports/**/*.py",
    "templates/indicators/method.html",
    "templates/reports/**/*.html",
    "templates/reports/**/*.txt",
)
LANGUAGES_OF_REPORTS = ("gd", "ur")
"""Beside English: in the others a report would be half translated, so it is not offered in them."""
# What stands among them and is read by workers, administrators or programs alone.
NOT_FOR_RESIDENTS = (
    "**/admin.py",
    "**/api.py",
    "**/apps.py",
    "**/migrations/*.py",
    "**/privacy.py",
    "connections/interactions/**/worker_views.py",
    "connections/interactions/models/*.py",
    "connections/interactions/pin*.py",
    "connections/reports/benchmarks.py",
    "connections/reports/management/**/*.py",
    "connections/reports/models.py",
    "connections/interactions/shape.py",
    "connections/interactions/voices/queues.py",
    "kinder/pages/moderation.py",
    "kinder/pages/setup.py",
    "kinder/pages/today.py",
    "places/area_forms.py",
    "places/area_views.py",
    "places/baking.py",
    "places/editing.py",
    "places/history.py",
    "places/keeper_views.py",
    "places/moderation.py",
    "places/poster*.py",
    "places/models/saved.py",
    "places/desk.py",
    "places/desk_views.py",
    "places/hosting.py",
    "places/poster_views.py",
    "places/saving.py",
    "places/shapes.py",
    "templates/_parts/draw_area.html",
    "templates/_parts/draw_map.html",
    "templates/_parts/pick_map.html",
    "templates/accounts/erase_person.html",
    "templates/base_worker.html",
    "templates/pages/_moderation_list.html",
    "templates/places/_keeper.html",
    "templates/pages/setup.html",
    "templates/places/admin_hide.html",
)
FOR_WORKERS = '{% extends "base_worker.html" %}'
KEYWORDS = {
    "_": None,
    "_now": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
MACHINE = "a machine"
"""The last translator of a catalogue that nobody who speaks the language has confirmed yet."""
# Babel does not know these languages' plural forms: how many, and which for a number n.
PLURALS = {"gd": (4, "(n==1 || n==11) ? 0 : (n==2 || n==12) ? 1 : (n>2 && n<20) ? 2 : 3")}


def has_reports(code: str) -> bool:
    """Whether area reports are offered in a language."""
    return code == settings.LANGUAGE_CODE or code in LANGUAGES_OF_REPORTS


def list_sources(code: str | None = None) -> list[Path]:
    """Return the files whose words are translated, in one order; of one language where it is
    named."""
    root = Path(settings.BASE_DIR)
    wanted = (*SOURCES, *REPORT_SOURCES) if code is None or has_reports(code) else SOURCES
    found = {path for pattern in wanted for path in root.glob(pattern)}
    # By name, not by walking: under .local, files of running servers come and go.
    names = [pattern[3:] for pattern in NOT_FOR_RESIDENTS if pattern.startswith("**/")]
    inside = [pattern for pattern in NOT_FOR_RESIDENTS if not pattern.startswith("**/")]
    hidden = {path for pattern in inside for path in root.glob(pattern)}
    hidden |= {path for path in found for name in names if path.match(name)}
    return sorted(
        path
        for path in found - hidden
        if path.suffix == ".py" or FOR_WORKERS not in path.read_text(encoding="utf-8")
    )


def collect_words(code: str | None = None) -> Catalog:
    """Return a catalogue without translations of every text that pages may show in a language, or
    in any."""
    catalog = Catalog(project="Kinder", charset="utf-8", creation_date=_ALWAYS)
    for path in list_sources(code):
        place = path.relative_to(settings.BASE_DIR).as_posix()
        for _line, ids, comments, context in _extract(path):
            # No line numbers: moving a paragraph is no change of its words.
            catalog.add(ids, locations=[(place, 0)], auto_comments=comments, context=context)
    return catalog


_ALWAYS = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""A date that stays, so that a catalogue changes when its words do and never otherwise."""


def _extract(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns a template into calls of gettext; their indentation means nothing.
        lines = templatize(text, origin=str(path)).splitlines()
        text = "\n".join(line.strip() for line in lines)
    yield from extract(
        "python", BytesIO(text.encode()), keywords=KEYWORDS, comment_tags=("Translators:",)
    )


def list_languages() -> list[str]:
    """Return the codes of the languages that words are translated into."""
    return [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def find_catalogue(code: str) -> Path:
    """Return where the words of a language are kept, whether they are there or not."""
    return Path(settings.LOCALE_PATHS[0]) / to_locale(code) / "LC_MESSAGES" / "django.po"


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, charset="utf-8", abort_invalid=True)


def update_catalogue(code: str, words: Catalog) -> Path:
    """Bring a language's catalogue up to date with `words`; what was translated stays."""
    path = find_catalogue(code)
    if path.exists():
        catalog = read_catalogue(path)
    else:
        catalog = _start_catalogue(code)
        path.parent.mkdir(parents=True)
    catalog.update(words, no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    catalog.creation_date = catalog.revision_date = _ALWAYS
    with path.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, include_lineno=False)
    return path


def _start_catalogue(code: str) -> Catalog:
    catalog = Catalog(
        locale=to_locale(code),
        header_comment=f"# Whoever confirms these words ({code}) replaces “{MACHINE}” below.",
        project="Kinder",
        version="1",
        charset="utf-8",
        last_translator=MACHINE,
        language_team=code,
        msgid_bugs_address="see README.md",
        fuzzy=False,
    )
    if code in PLURALS:
        count, which = PLURALS[code]
        catalog.mime_headers = [("Plural-Forms", f"nplurals={count}; plural=({which});")]
    return catalog


def find_gaps(code: str, words: Catalog) -> list[str]:
    """Return the texts of `words` that the catalogue of a language lacks or bends.

    A translation is bent when it is marked as doubtful, when it loses or invents a placeholder
    (`%(name)s` or `{name}`), or when it has fewer plural forms than the language.
    """
    path = find_catalogue(code)
    if not path.exists():
        return [f"{code}: there is no catalogue"]
    catalog = read_catalogue(path)
    gaps = []
    for message in words:
        if not message.id:
            continue
        found = catalog.get(message.id, message.context)
        if found is None or not _is_translated(found):
            gaps.append(f"{code}: not translated: {_name(message)}")
        elif found.fuzzy:
            gaps.append(f"{code}: doubtful: {_name(message)}")
        else:
            if "%(" not in _name(message):
                # A share such as “95 % of” is no placeholder.
                found.flags.discard("python-format")
            errors = [str(error) for error in found.check(catalog)]
            if _find_braces(found.id) != _find_braces(found.string):
                errors.append("placeholders in braces differ")
            gaps += [f"{code}: {error}: {_name(message)}" for error in errors]
    return gaps


def compile_words() -> list[Path]:
    """Make the .mo beside every .po; return those that were written."""
    written = []
    for code in list_languages():
        path = find_catalogue(code)
        if path.exists():
            compiled = path.with_suffix(".mo")
            aside = path.with_suffix(".mo.new")
            with aside.open("wb") as file:
                write_mo(file, read_catalogue(path))
            aside.replace(compiled)
            written.append(compiled)
    return written


@lru_cache
def has_words(code: str) -> bool:
    """Tell whether the words of a language are there: a name in the list that leads to English
    would be a broken promise."""
    return code == settings.LANGUAGE_CODE or find_catalogue(code).with_suffix(".mo").exists()


@lru_cache
def is_machine_made(code: str) -> bool:
    """Tell whether a machine translated the words of a language and no speaker confirmed them."""
    compiled = find_catalogue(code).with_suffix(".mo")
    if code == settings.LANGUAGE_CODE or not compiled.exists():
        return False
    with compiled.open("rb") as file:
        return read_mo(file).last_translator == MACHINE


def _find_braces(texts: str | Sequence[str] | None) -> set[str]:
    """Return what `str.format` would fill in, of one text or of all its plural forms."""
    whole = texts if isinstance(texts, str) else " ".join(texts or ())
    return set(re.findall(r"\{+\w*\}+", whole))


def _is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return all(forms)


def _name(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]
