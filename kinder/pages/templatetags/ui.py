"""Tags that put the built icons and drawings inline: `{% load ui %}`.

Inline, so that a page needs no request for them, and they take the colours of the text around
them in light, dark and forced colours. They are always decoration beside words, hence hidden from
screen readers.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

DIST = Path(settings.BASE_DIR) / "static" / "dist"


def _read_built(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ImproperlyConfigured(
            f"{path} is missing. bin/run and bin/test build the front end; by hand it is "
            "`npm ci && npm run build`."
        ) from error


@cache
def _icons() -> dict[str, dict[str, str]]:
    icons: dict[str, dict[str, str]] = json.loads(_read_built(DIST / "icons.json"))
    return icons


@cache
def _drawing(name: str) -> str:
    if not re.fullmatch(r"[a-z-]+", name):
        raise template.TemplateSyntaxError(f"“{name}” is not the name of a drawing.")
    svg = _read_built(DIST / "img" / "drawings" / f"{name}.svg")
    return svg.strip().replace(
        "<svg ", f'<svg class="drawing drawing-{name}" aria-hidden="true" focusable="false" ', 1
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return the Phosphor icon `name` inline; the names are listed in static/src/icons.json."""
    try:
        found = _icons()[name]
    except KeyError as error:
        raise template.TemplateSyntaxError(
            f"No icon “{name}”: add it to static/src/icons.json and build the front end again."
        ) from error
    return format_html(
        '<svg class="icon icon-{}" viewBox="{}" aria-hidden="true" focusable="false">{}</svg>',
        name,
        found["viewBox"],
        mark_safe(found["body"]),  # noqa: S308 - from a pinned package
    )


@register.simple_tag
def kind_icon(kind: str) -> SafeString:
    """Return the icon of a kind of place, by its code in places.vocabulary."""
    return icon(f"kind-{kind}")


@register.simple_tag
def choice_icon(icons: Mapping[str, str], value: object) -> SafeString | str:
    """Return the icon that `icons` has for a choice of a form, "" for none."""
    name = icons.get(str(value))
    return icon(name) if name else ""


@register.simple_tag
def drawing(name: str) -> SafeString:
    """Return one of the line drawings: bench, bus-stop, counter, stairwell, table."""
    return mark_safe(_drawing(name))  # noqa: S308 - our own file


@register.filter
def is_web_address(text: str) -> bool:
    """Tell whether `text` leads to a page of the web, and to nothing that would run."""
    return text.lower().startswith(("https://", "http://"))


@register.simple_tag
def brand_mark() -> SafeString:
    """Return the lamp over the table that stands beside the name."""
    svg = _read_mark()
    return mark_safe(svg)  # noqa: S308 - our own file


@cache
def _read_mark() -> str:
    svg = _read_built(DIST / "img" / "mark.svg").strip()
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
