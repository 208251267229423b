"""Released figures for tests of what reads them; how they come about is tested elsewhere."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from connections.indicators.definitions import METHOD_VERSION
from connections.indicators.models import Figure, Quarter, Release
from places.models import Area


def publish_figures(
    figures: Sequence[tuple[Area, str, dict[str, Any]]], *, quarter_on: date = date(2026, 1, 1)
) -> Release:
    """Publish a release of `figures` (area, indicator, fields); a figure with a value is shown."""
    geography = figures[0][0].geography
    quarter = Quarter.objects.create(starts_on=quarter_on, geography=geography)
    release = Release.objects.create(
        quarter=quarter,
        geography=geography,
        state=Release.State.READY,
        method_version=METHOD_VERSION,
        watermark="ab" * 32,
    )
    Figure.objects.bulk_create(
        Figure(
            release=release,
            area=area,
            indicator=indicator,
            **{"status": "shown" if "value" in fields else "c"} | fields,
        )
        for area, indicator, fields in figures
    )
    release.state = Release.State.PUBLISHED
    release.published_at = datetime(2026, 5, 20, 9, tzinfo=UTC)
    release.save()
    return release
