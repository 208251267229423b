"""Releases, what they are made from, and what is told."""

import uuid
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.indicators import vocabulary
from connections.indicators.models.people import Quarter
from connections.indicators.vocabulary import Cadence
from kinder.accounts.models import User
from places.models import Area, Geography


class ReleaseQuerySet(models.QuerySet["Release"]):
    def standing(self) -> Self:
        """Published releases that no later one replaces, newest quarter first."""
        return self.filter(state=Release.State.PUBLISHED).order_by("-quarter_id", "-version")


class Release(models.Model):
    """The frozen quarterly publication. Never overwritten: a later version supersedes it."""

    class State(models.TextChoices):
        COMPUTING = "computing", _("Being computed")
        READY = "ready", _("Ready to look at")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Replaced by a later version")
        WITHDRAWN = "withdrawn", _("Not published")

    IN_WORK = (State.COMPUTING, State.READY)
    OUT = (State.PUBLISHED, State.SUPERSEDED)

    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="releases")
    geography = models.ForeignKey(Geography, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(default=1)
    # Which of the quarter's frozen rows it was made from.
    revision = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State, default=State.COMPUTING)
    method_version = models.CharField(max_length=20)
    code_revision = models.CharField(max_length=64, blank=True)
    lock_sha256 = models.CharField(_("SHA-256 of the lock file"), max_length=64, blank=True)
    parameters = models.JSONField(_("thresholds, seeds, vintages"), default=dict)
    watermark = models.CharField(_("SHA-256 of rows and components"), max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ready_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering: ClassVar = ["-quarter_id", "-version"]
        constraints = [
            models.UniqueConstraint("quarter", "version", name="indicators_release_unique"),
            models.UniqueConstraint(
                "quarter",
                condition=models.Q(state="published"),
                name="indicators_release_one_standing",
            ),
            models.CheckConstraint(
                condition=models.Q(published_at__isnull=True)
                | models.Q(state__in=["published", "superseded"]),
                name="indicators_release_published_when",
            ),
            # One release at a time in a quarter is worked on.
            models.UniqueConstraint(
                "quarter",
                condition=models.Q(state__in=["computing", "ready"]),
                name="indicators_release_one_in_work",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="published_never_changes",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state__in=["published", "superseded"]),
                declare=[("otherwise", "indicators_release")],
                func="""
                    otherwise := NEW;
                    otherwise.state := OLD.state;
                    IF otherwise IS DISTINCT FROM OLD
                       OR NEW.state NOT IN (OLD.state, 'superseded') THEN
                        RAISE EXCEPTION 'kinder: a published release cannot be changed';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="published_stays",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state__in=["published", "superseded"]),
                func="RAISE EXCEPTION 'kinder: a published release cannot be deleted';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quarter} v{self.version}"

    @property
    def counts_adults(self) -> bool:
        """Rates are per residents aged 16 or more; of all ages where those are not known for
        the whole geography."""
        return bool(self.parameters.get("denominator", "adults") == "adults")


class ReleaseShard(models.Model):
    """One council's share of a release: how many workers on many machines divide it. The share
    without a council is that of the places, whose catchments cross borders. Finished rows are
    counted in SQL."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="shards")
    council = models.ForeignKey(Area, on_delete=models.CASCADE, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("share of a release")
        verbose_name_plural = _("shares of a release")
        constraints = [
            models.UniqueConstraint(
                "release", "council", name="indicators_shard_unique", nulls_distinct=False
            ),
        ]
        indexes = [
            # A worker asks every few seconds for what is left to do.
            models.Index(
                "release",
                condition=models.Q(finished_at__isnull=True),
                name="indicators_shard_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release_id} {self.council_id}"


class Component(models.Model):
    """Ungated sums of one indicator in one area; read by publish alone, deleted at 13 months.

    The sums hold the people whose home is exactly this area, never those of areas within it (the
    gate adds them up): n = people who answered; x = those of them with the property; total = Σs,
    squares = Σs² over people; largest, amount = the busiest person's and everybody's moments after
    caps. Of the whole area are: value, lower, upper, where the figure is no function of sums;
    exposure = the public denominator; places = places within reach, completeness = the share of
    them checked. asked, answered = questions put to the people of exactly this area, and those
    that they answered in time.
    """

    release = models.ForeignKey(
        # Its unique key leads with the release: no second index. Likewise below.
        Release,
        on_delete=models.CASCADE,
        related_name="components",
        db_index=False,
    )
    indicator = models.CharField(max_length=24)
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    n = models.PositiveIntegerField(default=0)
    x = models.PositiveIntegerField(default=0)
    total = models.FloatField(default=0.0)
    squares = models.FloatField(default=0.0)
    largest = models.FloatField(default=0.0)
    amount = models.FloatField(default=0.0)
    exposure = models.PositiveIntegerField(null=True)
    value = models.FloatField(null=True)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    places = models.PositiveIntegerField(null=True)
    completeness = models.FloatField(null=True)
    asked = models.PositiveIntegerField(null=True)
    answered = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("component")
        verbose_name_plural = _("components")
        constraints = [
            models.UniqueConstraint(
                "release", "indicator", "area", name="indicators_component_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release_id} {self.indicator} {self.area_id}"


class Figure(models.Model):
    """One published or suppressed number of a release. A suppressed one carries nothing."""

    class Status(models.TextChoices):
        SHOWN = "shown", _("Shown")
        BOUND = "bound", _("Only a bound is shown")
        SUPPRESSED = "c", _("Not shown")
        PROVISIONAL = "provisional", _("Withheld until more places are checked")
        FEW_PLACES = "few", _("Fewer than 3 places")
        FEW_ANSWERS = "response", _("Withheld: fewer than 1 in 5 of those asked answered")

    Bound = vocabulary.Bound

    id = models.BigAutoField(primary_key=True)
    release = models.ForeignKey(
        Release, on_delete=models.CASCADE, related_name="figures", db_index=False
    )
    indicator = models.CharField(max_length=24)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="figures", db_index=False)
    status = models.CharField(max_length=12, choices=Status)
    people = models.PositiveIntegerField(_("people, rounded to 5"), null=True)
    value = models.FloatField(null=True)
    lower = models.FloatField(_("lower end of the 95 % interval"), null=True)
    upper = models.FloatField(_("upper end of the 95 % interval"), null=True)
    standard_error = models.FloatField(null=True)
    exposure = models.PositiveIntegerField(_("public denominator"), null=True)
    shrunk = models.FloatField(_("steadied towards the larger area"), null=True)
    bound = models.CharField(max_length=8, choices=Bound, blank=True)
    coverage = models.FloatField(_("% of people who answered, or of places checked"), null=True)
    of_year = models.PositiveSmallIntegerField(_("describes the year, not the quarter"), null=True)

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        constraints = [
            models.UniqueConstraint(
                "release", "indicator", "area", name="indicators_figure_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(status="shown")
                | models.Q(
                    people__isnull=True,
                    value__isnull=True,
                    lower__isnull=True,
                    upper__isnull=True,
                    standard_error__isnull=True,
                    exposure__isnull=True,
                    shrunk__isnull=True,
                ),
                name="indicators_figure_suppressed_is_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(status="shown", value__isnull=False, bound="")
                | models.Q(
                    status="bound", bound__in=["low", "high", "third_1", "third_2", "third_3"]
                )
                | models.Q(status__in=["c", "provisional", "few", "response"], bound=""),
                name="indicators_figure_bound_or_value",
            ),
            # What is said of places is no secret; a suppressed figure about people says nothing.
            models.CheckConstraint(
                condition=models.Q(coverage__isnull=True)
                | models.Q(status__in=["shown", "provisional", "few"]),
                name="indicators_figure_coverage_of_places",
            ),
        ]
        indexes = [
            # An area's page and report: all its figures, any release.
            models.Index("area", "indicator", name="indicators_figure_area"),
        ]
        triggers = [
            # A released figure never changes; only a release that was never published may go.
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="published_stays",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (SELECT FROM indicators_release r WHERE r.id = OLD.release_id
                               AND r.state IN ('published', 'superseded')) THEN
                        RAISE EXCEPTION 'kinder: a published figure cannot be deleted';
                    END IF;
                    RETURN OLD;
                """,
            ),
            pgtrigger.Trigger(
                name="published_is_whole",
                operation=pgtrigger.Insert,
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                # By statement: asked once for the thousands of figures of a release.
                referencing=pgtrigger.Referencing(new="added"),  # type: ignore[no-untyped-call]
                func="""
                    IF EXISTS (SELECT FROM indicators_release r
                               WHERE r.id IN (SELECT release_id FROM added)
                                 AND r.state IN ('published', 'superseded')) THEN
                        RAISE EXCEPTION 'kinder: a published release takes no more figures';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release_id} {self.indicator} {self.area_id}"


class CadencePlan(models.Model):
    """How often an indicator is published in a council's branch, from the start of a year on; fixed
    before that year begins. Without a plan the registry's cadence holds."""

    indicator = models.CharField(max_length=24)
    council = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    from_year = models.PositiveSmallIntegerField(_("from the year"))
    cadence = models.CharField(max_length=12, choices=Cadence)
    planned_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    planned_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("cadence")
        verbose_name_plural = _("cadences")
        constraints = [
            models.UniqueConstraint(
                "indicator", "council", "from_year", name="indicators_cadence_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.council_id} {self.from_year}: {self.cadence}"


class AbuseAlert(models.Model):
    """A sign that an area's quarter was pushed: open ones hold a release back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    quarter = models.ForeignKey(Quarter, on_delete=models.CASCADE, related_name="alerts")
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=40)
    raised_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("abuse alert")
        verbose_name_plural = _("abuse alerts")
        constraints = [
            models.UniqueConstraint("quarter", "area", "reason", name="indicators_alert_unique"),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True) ^ models.Q(closed_by__isnull=False),
                name="indicators_alert_closed_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quarter_id} {self.area_id} {self.reason}"
