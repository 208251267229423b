"""What the administrator's pages show of quarters and releases."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Min

from connections.indicators import quarters, rules
from connections.indicators.abuse import OpenAlert, describe_alerts
from connections.indicators.models import ContributorMonth, Quarter, Release
from connections.indicators.release import progress_of
from kinder.accounts.models import User


@dataclass(frozen=True)
class QuarterLine:
    """One quarter with what has happened, what can be done now, and why the rest cannot."""

    starts_on: dt.date
    frozen: Quarter | None
    releases: list[Release]
    alerts: list[OpenAlert]
    why_not_freeze: str
    why_not_start: str
    why_not_publish: str
    finished: int = 0
    shares: int = 0

    @property
    def name(self) -> str:
        return quarters.name_quarter(self.starts_on)

    @property
    def last_on(self) -> dt.date:
        return quarters.last_day(self.starts_on)

    @property
    def freezes_on(self) -> dt.date:
        return quarters.freezes_on(self.starts_on)

    @property
    def publishes_on(self) -> dt.date:
        return quarters.publishes_on(self.starts_on)

    @property
    def in_work(self) -> Release | None:
        return next((one for one in self.releases if one.state in Release.IN_WORK), None)

    @property
    def is_computing(self) -> bool:
        return self.in_work is not None and self.in_work.state == Release.State.COMPUTING

    @property
    def is_ready(self) -> bool:
        return self.in_work is not None and self.in_work.state == Release.State.READY

    @property
    def standing(self) -> Release | None:
        return next((one for one in self.releases if one.state == Release.State.PUBLISHED), None)


def list_quarters(by: User, now: dt.datetime | None = None) -> list[QuarterLine]:
    """Return the quarters from the first with moments to the present one, newest first."""
    present = quarters.quarter_of(quarters.today(now))
    firsts = [
        ContributorMonth.objects.aggregate(first=Min("month_on"))["first"],
        Quarter.objects.aggregate(first=Min("starts_on"))["first"],
    ]
    earliest = min((quarters.quarter_of(day) for day in firsts if day), default=None)
    lines: list[QuarterLine] = []
    quarter_on = present
    while earliest is not None and quarter_on >= earliest:
        lines.append(describe_quarter(by, quarter_on, now))
        quarter_on = quarters.previous_quarter(quarter_on)
    return lines


def describe_quarter(by: User, quarter_on: dt.date, now: dt.datetime | None = None) -> QuarterLine:
    """Return one quarter as the page of releases shows it."""
    quarter = Quarter.objects.filter(pk=quarter_on).first()
    frozen = quarter if quarter is not None and quarter.frozen_at is not None else None
    releases = list(Release.objects.filter(quarter=quarter_on).order_by("-version"))
    in_work = next((one for one in releases if one.state in Release.IN_WORK), None)
    finished, shares = progress_of(in_work) if in_work is not None else (0, 0)
    return QuarterLine(
        starts_on=quarter_on,
        frozen=frozen,
        releases=releases,
        alerts=describe_alerts(quarter_on),
        why_not_freeze=rules.why_not_freeze(by, quarter_on=quarter_on, now=now),
        why_not_start=rules.why_not_start(by, quarter=frozen) if frozen else "",
        why_not_publish=rules.why_not_publish(by, release=in_work, now=now) if in_work else "",
        finished=finished,
        shares=shares,
    )
