"""Which places a worker should look at: filters over what nobody confirmed for long."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from places.freshness import FRESH_FOR
from places.models import Area, Place
from places.models.place import PlaceQuerySet
from places.vocabulary import AreaLevel, CostToStay, PlaceKind, PlaceState

REASONS = (
    ("", _("Not checked for six months, or suggested")),
    ("stale", _("Not checked for six months")),
    ("suggested", _("Suggested by residents")),
    ("hours", _("Hours not known or words only")),
    ("cost", _("Cost to stay not known")),
    ("all", _("All that are shown, the oldest check first")),
)
MONTHS = FRESH_FOR.days // 30


class ToCheck(PlaceQuerySet):
    """Places to look at; `near` puts those first that lie nearest to a point."""

    def near(self, point: Point) -> "ToCheck":
        nearest: ToCheck = self.annotate(away=Distance("point", point)).order_by("away", "id")
        return nearest


class CheckForm(forms.Form):
    """Why to look, what kind, where."""

    why = forms.ChoiceField(label=_("Places"), choices=REASONS, required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("Any kind")), *PlaceKind.choices], required=False
    )
    area = forms.ModelChoiceField(
        label=_("In"),
        queryset=Area.objects.filter(
            geography__is_current=True,
            level__in=(AreaLevel.INTERMEDIATE, AreaLevel.COMMUNITY, AreaLevel.COUNCIL),
        ).order_by("name", "code"),
        to_field_name="code",
        empty_label=_("Anywhere"),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


def find_to_check(wanted: Mapping[str, Any]) -> ToCheck:
    """Return the places that fit the cleaned fields of CheckForm, the longest unchecked first."""
    places = ToCheck(Place)
    why = wanted.get("why", "")
    if why == "stale":
        places = places.filter(state=PlaceState.STALE)
    elif why == "suggested":
        places = places.filter(state=PlaceState.SUGGESTED)
    elif why == "hours":
        places = places.filter(
            Q(opening_hours="") | Q(are_hours_unread=True),
            state__in=(PlaceState.VERIFIED, PlaceState.STALE),
        )
    elif why == "cost":
        places = places.filter(
            cost_to_stay=CostToStay.UNKNOWN,
            state__in=(PlaceState.VERIFIED, PlaceState.STALE),
        )
    elif why == "all":
        places = places.filter(state__in=(PlaceState.VERIFIED, PlaceState.STALE))
    else:
        places = places.filter(state__in=(PlaceState.STALE, PlaceState.SUGGESTED))
    if kind := wanted.get("kind"):
        places = places.filter(kind=kind)
    if area := wanted.get("area"):
        places = places.filter(area__ancestors__ancestor=area)
    return places.order_by(F("confirmed_at").asc(nulls_first=True), "id")
