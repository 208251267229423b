"""Shapes what somebody looks for in the register."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from places.models import Area
from places.origins import Origin, UnknownPostcodeError, find_origins
from places.postcodes import tidy_postcode
from places.search import Search
from places.vocabulary import AreaLevel, PlaceKind, WelcomeAttribute

# A longer list of areas is no choice; then the next larger level is offered.
MAX_AREAS = 60
_OFFERED_LEVELS = (AreaLevel.COMMUNITY, AreaLevel.INTERMEDIATE, AreaLevel.COUNCIL)

# What somebody who needs a place to stay looks for, beside what it costs and when it is open.
LOOKED_FOR = (
    WelcomeAttribute.WARM,
    WelcomeAttribute.FOOD,
    WelcomeAttribute.QUIET_TIMES,
    WelcomeAttribute.TOILET,
)


class PlaceSearchForm(forms.Form):
    """The search box and the filters, all in the address."""

    q = forms.CharField(
        label=_("Name, street or kind of place"), max_length=100, required=False, strip=True
    )
    near = forms.CharField(
        label=_("Near a postcode or place"),
        max_length=100,
        required=False,
        strip=True,
    )
    area = forms.ModelChoiceField(
        label=_("In"),
        queryset=Area.objects.filter(geography__is_current=True),
        to_field_name="code",
        empty_label=_("Anywhere"),
        required=False,
    )
    kind = forms.MultipleChoiceField(
        label=_("Kind of place"), choices=PlaceKind.choices, required=False
    )
    free = forms.BooleanField(label=_("Free to stay"), required=False)
    open = forms.BooleanField(label=_("Open now"), required=False)
    step_free = forms.BooleanField(label=_("Step-free"), required=False)
    has = forms.MultipleChoiceField(
        label=_("It has"),
        choices=[(one.value, one.label) for one in LOOKED_FOR],
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.origins: list[Origin] = []

    def clean(self) -> dict[str, Any]:
        """Find where "near" is; a postcode typed into the first box means the same."""
        data = super().clean() or self.cleaned_data
        if not data.get("near") and tidy_postcode(data.get("q", "")):
            data["near"], data["q"] = data["q"], ""
        if data.get("near"):
            try:
                self.origins = find_origins(data["near"])
            except UnknownPostcodeError:
                self.add_error(
                    "near",
                    _("We couldn't find that postcode. Try a street, or choose from the list."),
                )
            else:
                if not self.origins:
                    self.add_error(
                        "near", _("We couldn't find that. Try a postcode, or a name near it.")
                    )
        return data

    @property
    def origin(self) -> Origin | None:
        """Where distances are told from: the likeliest of what was meant."""
        return self.origins[0] if self.origins else None

    def offered_areas(self) -> list[Area]:
        """Return the areas to choose from: of the level whose list can be read, and the chosen."""
        chosen: Area | None = getattr(self, "cleaned_data", {}).get("area")
        offered: list[Area] = []
        for level in _OFFERED_LEVELS:
            offered = list(
                Area.objects.filter(geography__is_current=True, level=level)
                .only("code", "name")
                .order_by("name", "code")[: MAX_AREAS + 1]
            )
            if 1 < len(offered) <= MAX_AREAS:
                break
        else:
            offered = []
        if chosen is not None and chosen not in offered:
            offered.append(chosen)
        return offered

    def as_search(self, *, bbox: tuple[float, float, float, float] | None = None) -> Search:
        """Return what was asked; a part that could not be understood is left out."""
        data = getattr(self, "cleaned_data", {})
        area = data.get("area")
        return Search(
            words=data.get("q", ""),
            kinds=tuple(data.get("kind", ())),
            area_id=area.pk if area else None,
            is_free=data.get("free", False),
            is_open=data.get("open", False),
            is_step_free=data.get("step_free", False),
            welcomes=tuple(data.get("has", ())),
            bbox=bbox,
        )
