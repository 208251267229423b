"""Plants a text that would run, in every text column there is, and reads answers for it."""

import csv
import io
import json
import re
from xml.etree.ElementTree import fromstring

from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.http import HttpResponseBase

PAYLOAD = "=1+1\r\n<svg onload=alert(1)>\"'</script>"
PAYLOAD_RAN = r"<svg onload=alert\(1\)>"
OURS = (
    "accounts",
    "places",
    "exchange",
    "interactions",
    "befriending",
    "indicators",
    "reports",
    "pages",
)
# Texts that are read as something else: a rule of repeats, hours, a code that leads somewhere.
NOT_PROSE = re.compile(
    r"code|slug|key|token|language|recurrence|opening_hours|sha256|hmac|password|version|watermark"
    r"|state|status|indicator|purpose|verb|object_|queue|level|source|layer|index|postcode|file"
    r"|photo|image|email|mime|type|method|rrule|scope|start|hash|signature|uid|revision|identifier"
)


def plant_everywhere() -> int:
    """Write PAYLOAD into every prose column of every row; return how many columns took it."""
    planted = 0
    for label in OURS:
        if label not in apps.app_configs:
            continue
        for model in apps.get_app_config(label).get_models():
            if not model._meta.managed or model._meta.proxy:
                continue
            planted += sum(_plant(model, field) for field in model._meta.concrete_fields)
    return planted


def _plant(model: type[models.Model], field: "models.Field[object, object]") -> bool:
    is_text = isinstance(field, models.CharField | models.TextField)
    if not is_text or field.choices or field.unique or NOT_PROSE.search(field.name):
        return False
    if isinstance(field, models.EmailField):
        return False
    text = "javascript:alert(1)" if isinstance(field, models.URLField) else PAYLOAD
    if field.max_length is not None and field.max_length < len(text):
        return False
    rows = model._default_manager.all()
    try:
        with transaction.atomic():
            # One row differs from the next where a name must be the only one of its kind.
            for number, key in enumerate(rows.values_list("pk", flat=True)):
                ending = f" {number}" if field.max_length is None or field.max_length > 60 else ""
                rows.filter(pk=key).update(**{field.name: text + ending})
    except (DatabaseError, ValueError):
        # Held by a trigger or a constraint: nobody can write such a text there.
        return False
    return True


def check_answer(response: HttpResponseBase, text: str) -> str:
    """Return where a planted text would run in an answer, "" where it would not."""
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if kind.endswith("json") and text:
        json.loads(text)
    if kind in {"text/html", "image/svg+xml", "application/xhtml+xml"}:
        if re.search(PAYLOAD_RAN, text):
            return "a script in the page"
        if re.search(r"""(?:href|src|action)\s*=\s*["']?\s*javascript:""", text, re.I):
            return "a link that runs"
        return _check_data_in_page(text)
    if kind == "text/csv":
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        return "a formula" if any(cell.lstrip().startswith("=1+1") for cell in cells) else ""
    if kind.endswith("xml") and text:
        fromstring(text)
        return "a tag in the feed" if re.search(PAYLOAD_RAN, text) else ""
    # A line end in a calendar would begin a property of the writer's own.
    is_broken = kind == "text/calendar" and re.search(r"^<svg", text, re.M)
    return "a new line in the calendar" if is_broken else ""


def _check_data_in_page(text: str) -> str:
    """Data that scripts read (JSON-LD, json_script) must not end its own element."""
    for inner in re.findall(
        r'<script[^>]*type="application/(?:ld\+)?json"[^>]*>(.*?)</script>', text, re.S
    ):
        try:
            json.loads(inner)
        except ValueError:
            return "data that ends its own element"
    return ""
