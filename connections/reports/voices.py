"""What a community tells by itself: stories, what was heard, what was done since.

Read through views that hold published rows alone, by the reports' own role: a story that its author
withdraws is gone from the view at that moment.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from connections.indicators.models import Release
from connections.indicators.quarters import next_quarter
from connections.reports import reading
from connections.reports.models import (
    Published,
    PublishedHeard,
    PublishedResponse,
    PublishedStory,
)
from places.models import Area

T = TypeVar("T", bound=Published)

MONTHS_TOLD = 12
"""A report tells what was published in the year up to its quarter's end (a judgement)."""


@dataclass(frozen=True)
class Voices:
    """What may be told of an area today, the newest first."""

    stories: list[PublishedStory]
    heard: list[PublishedHeard]
    responses: list[PublishedResponse]

    def __bool__(self) -> bool:
        return bool(self.stories or self.heard or self.responses)

    def answers_to(self, heard: PublishedHeard) -> list[PublishedResponse]:
        """Return what was done since about something heard."""
        return [item for item in self.responses if item.heard_id == heard.pk]


def read_voices(release: Release, area: Area) -> Voices:
    """Return what stands published of `area` and the areas within it, in the year to the release.

    Three queries.
    """
    ends_on = next_quarter(release.quarter_id)
    begins_on = date(ends_on.year - MONTHS_TOLD // 12, ends_on.month, 1)
    return Voices(
        stories=_read(PublishedStory, area, begins_on, ends_on),
        heard=_read(PublishedHeard, area, begins_on, ends_on),
        responses=_read(PublishedResponse, area, begins_on, ends_on),
    )


def _read(model: type[T], area: Area, begins_on: date, ends_on: date) -> list[T]:
    found = model._default_manager.using(reading.READER).filter(
        area__ancestors__ancestor=area, month_on__gte=begins_on, month_on__lt=ends_on
    )
    return list(found.select_related("area").defer("area__geometry").order_by("-month_on", "-pk"))


def fingerprint_voices(release: Release, areas: Iterable[Area]) -> str:
    """Return the SHA-256 of all that `read_voices` gives for `areas`: a withdrawal changes it."""
    told = [
        [item.as_data() for item in (*voices.stories, *voices.heard, *voices.responses)]
        for voices in (read_voices(release, area) for area in areas)
    ]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()
