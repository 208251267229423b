"""The picture that stands beside a shared link: the area, and what it says in plain words."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from connections.reports.content import Content
from kinder.printing import compile_typst

TEMPLATE = Path(__file__).with_name("share.typ")
READINGS = 3
"""Sentences that a small picture can carry (a judgement)."""


def write_share_image(content: Content) -> bytes:
    """Return a PNG of 1,200 × 630 pixels; equal reports give equal bytes."""
    area = content.first
    readings = [
        block.cell.reading
        for block in area.figures
        if block.cell.reading and not block.indicator.is_variant
    ]
    published = content.release.published_at or content.release.created_at
    data = {
        "name": content.title,
        "season": content.season,
        "readings": readings[:READINGS],
        "empty": _("Too few answers to show figures yet."),
        "site": str(settings.SITE_NAME),
        "note": _("Volunteers, not a random sample. Not a target or a ranking."),
        "language": content.question.language.partition("-")[0],
    }
    return compile_typst(
        TEMPLATE, data, timestamp=int(published.timestamp()), format="png", ppi=72.0
    )
