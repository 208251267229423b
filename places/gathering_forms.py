"""Shapes how somebody tells of something to come along to, and how a reader looks for it."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Organisation, User
from kinder.accounts.screening import ScreenedForm
from places.forms import MAX_AREAS
from places.models import Area, Gathering, Place
from places.models.gathering import MOST_AT_ONCE
from places.repeats import REPEATS, Repeat, read_rule, write_rule
from places.rules import can_keep_places
from places.vocabulary import AreaLevel

MAX_CHOICES = 8
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class GatheringForm(forms.Form):
    """What happens, where, when, and its boundaries."""

    title = forms.CharField(label=_("What is it called?"), max_length=120)
    place = forms.CharField(
        label=_("Where is it?"),
        help_text=_("The name of a place that we know."),
        max_length=160,
    )
    place_choice = forms.ChoiceField(
        label=_("Which of these?"), required=False, widget=forms.RadioSelect
    )
    description = forms.CharField(
        label=_("What happens?"),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    first_on = forms.DateField(label=_("First day"), widget=_DAY)
    at = forms.TimeField(
        label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    minutes = forms.IntegerField(
        label=_("How long, in minutes?"), min_value=5, max_value=720, initial=60
    )
    repeats = forms.ChoiceField(
        label=_("Does it repeat?"), widget=forms.RadioSelect, initial="once"
    )
    until_on = forms.DateField(
        label=_("Last day"),
        help_text=_("Leave it empty if there is none yet."),
        required=False,
        widget=_DAY,
    )
    is_asked = forms.CharField(
        label=_("What is asked of people?"),
        help_text=_("For example: come hungry."),
        max_length=200,
        required=False,
    )
    is_not_asked = forms.CharField(
        label=_("What is not asked?"),
        help_text=_("For example: no booking, no payment, nobody has to talk."),
        max_length=200,
        required=False,
    )
    how_to_leave = forms.CharField(
        label=_("How do you say no, or leave?"),
        help_text=_("For example: leave whenever you like. Nobody asks why."),
        max_length=200,
        required=False,
    )
    food = forms.CharField(label=_("Food and drink"), max_length=120, required=False)
    capacity = forms.IntegerField(
        label=_("How many people can come?"),
        help_text=_("Only if places are limited. Then people can hold one."),
        min_value=1,
        max_value=2_000,
        required=False,
    )
    language = forms.ChoiceField(label=_("Main language"), required=False)
    organisation = forms.ModelChoiceField(
        label=_("Who hosts it?"),
        queryset=Organisation.objects.none(),
        empty_label=_("Nobody in particular"),
        required=False,
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        user: User | AnonymousUser | None = None,
        gathering: Gathering | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.gathering = gathering
        self.found: Place | None = None
        self._choices("language", [("", _("English, or any")), *settings.LANGUAGES])
        repeats: list[tuple[Any, Any]] = list(REPEATS)
        if gathering and read_rule(gathering.recurrence, _first_on(gathering)) == Repeat.OTHER:
            repeats.append((Repeat.OTHER, _("As it is now")))
        self._choices("repeats", repeats)
        hosts = self._hosts(user)
        if hosts is None:
            del self.fields["organisation"]
        else:
            field = self.fields["organisation"]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - narrows the type
            field.queryset = hosts
        if not self.is_bound:
            del self.fields["place_choice"]
        else:
            self._offer_places(str(self.data.get(self.add_prefix("place"), "")))

    def _choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = choices

    def _hosts(self, user: User | AnonymousUser | None) -> "QuerySet[Organisation] | None":
        """Whom one may name as host: keepers anybody, members their own, residents nobody."""
        if not isinstance(user, User):
            return None
        if can_keep_places(user):
            return Organisation.objects.order_by("name")
        return Organisation.objects.filter(members=user).distinct().order_by("name")

    def _offer_places(self, text: str) -> None:
        """A name that fits several places becomes a choice between them."""
        found = find_named_places(text)
        chosen = str(self.data.get(self.add_prefix("place_choice"), ""))
        self.found = next((one for one in found if one.code == chosen), None)
        if len(found) == 1:
            self.found = found[0]
        if len(found) < 2:
            del self.fields["place_choice"]
            return
        labels = [(one.code, f"{one.name}, {one.address}".rstrip(", ")) for one in found]
        self._choices("place_choice", labels)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("place") and self.found is None and "place_choice" not in self.errors:
            if "place_choice" in self.fields:
                self.add_error("place_choice", _("Several places have that name. Choose one."))
            else:
                self.add_error(
                    "place", _("We know no place of that name. Is it in the list of places?")
                )
        first_on, until_on = data.get("first_on"), data.get("until_on")
        if first_on and self.gathering is None and first_on < timezone.localdate():
            self.add_error("first_on", _("That day is over."))
        if first_on and first_on > timezone.localdate() + timedelta(days=731):
            self.add_error("first_on", _("That is more than two years away."))
        if first_on and until_on and until_on < first_on:
            self.add_error("until_on", _("The last day is before the first."))
        return data

    def facts(self) -> dict[str, Any]:
        """Return the fields of a gathering that this form says."""
        data = self.cleaned_data
        kept = ("title", "description", "minutes", "is_asked", "is_not_asked", "how_to_leave")
        facts = {name: data[name] for name in (*kept, "food", "capacity", "language")}
        if "organisation" in data:
            facts["organisation"] = data["organisation"]
        rule = write_rule(data["repeats"], data["first_on"])
        if data["repeats"] == Repeat.OTHER and self.gathering:
            rule = self.gathering.recurrence
        until_on = data["until_on"] if data["repeats"] != Repeat.ONCE else None
        starts_at = timezone.make_aware(datetime.combine(data["first_on"], data["at"]))
        return facts | {
            "place": self.found,
            "starts_at": starts_at,
            "recurrence": rule,
            "until_on": until_on,
        }


class SuggestGatheringForm(ScreenedForm, GatheringForm):
    """The same from anybody; it is looked at before others see it."""


class HoldForm(forms.Form):
    """For how many people, and on which day."""

    on = forms.DateField(widget=forms.HiddenInput)
    people = forms.IntegerField(
        label=_("For how many people?"), min_value=1, max_value=MOST_AT_ONCE, initial=1
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


class WhatsOnForm(forms.Form):
    """The filters of what is on, all in the address."""

    area = forms.ModelChoiceField(
        label=_("In"),
        queryset=Area.objects.filter(geography__is_current=True),
        to_field_name="code",
        empty_label=_("Anywhere"),
        required=False,
    )
    q = forms.CharField(label=_("Word to look for"), max_length=80, required=False, strip=True)
    food = forms.BooleanField(label=_("With something to eat or drink"), required=False)
    step_free = forms.BooleanField(label=_("Step-free"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=_DAY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    @property
    def asked(self) -> dict[str, Any]:
        """What was understood; a part that was not is left out."""
        return getattr(self, "cleaned_data", {})

    def offered_areas(self) -> list[Area]:
        """The areas of the level whose list can be read."""
        for level in (AreaLevel.COMMUNITY, AreaLevel.INTERMEDIATE, AreaLevel.COUNCIL):
            areas = Area.objects.filter(geography__is_current=True, level=level)
            offered = list(areas.only("code", "name").order_by("name")[: MAX_AREAS + 1])
            if 1 < len(offered) <= MAX_AREAS:
                return offered
        return []


def find_named_places(text: str) -> list[Place]:
    """Return the shown places that `text` may mean: a code, a whole name, else names with it."""
    text = text.strip()
    if not text or "\0" in text:
        return []
    shown = Place.objects.shown()
    if by_code := list(shown.filter(code=text)):
        return by_code
    if same := list(shown.filter(name__iexact=text).order_by("address", "id")[:MAX_CHOICES]):
        return same
    return list(shown.filter(name__icontains=text).order_by("name", "id")[:MAX_CHOICES])


def describe_now(gathering: Gathering) -> dict[str, Any]:
    """Return what the form shows of a gathering as it is."""
    local = timezone.localtime(gathering.starts_at)
    kept = ("title", "description", "minutes", "until_on", "is_asked", "is_not_asked")
    more = ("how_to_leave", "food", "capacity", "language", "revision")
    return {name: getattr(gathering, name) for name in (*kept, *more)} | {
        "place": gathering.place.name if _is_only_one(gathering.place) else gathering.place.code,
        "first_on": local.date(),
        "at": local.time(),
        "repeats": read_rule(gathering.recurrence, local.date()),
        "organisation": gathering.organisation_id,
    }


def _is_only_one(place: Place) -> bool:
    return [one.pk for one in find_named_places(place.name)] == [place.pk]


def _first_on(gathering: Gathering) -> date:
    return timezone.localdate(gathering.starts_at)
