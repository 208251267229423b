"""Shapes of what comes in on the pages of befriending; actions write."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.actions.concerns import MOST_WORDS
from connections.befriending.matching import Weights
from connections.befriending.models import Participant, Referral, Service, Volunteer
from connections.befriending.scale_files import (
    MOST_BYTES,
    ScaleFile,
    ScaleFileError,
    read_scale_file,
)
from connections.befriending.scales import Sheet
from connections.befriending.vocabulary import (
    SPOKEN,
    WEEKDAYS,
    CheckScheme,
    ConcernStepKind,
    EndingReason,
    ExpenseKind,
    Gender,
    MeetingMode,
    MeetingOutcome,
    Side,
)
from places.models import Area, Place
from places.models.place import SHOWN_STATES
from places.vocabulary import SENSITIVE_KINDS, AreaLevel

BLOCKS = ((8, 10), (10, 12), (12, 14), (14, 16), (16, 18), (18, 20), (20, 22))
"""Hours of the day that the weekly slots offer, two at a time."""

GENDERS = [("", _("Rather not say")), *Gender.choices]
WISHES = [("", _("No wish")), *Gender.choices]
YES_NO = [("yes", _("Yes")), ("no", _("No"))]


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DateField(forms.DateField):
    """A day in the browser's own picker."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=DayInput(), **options)


class Text(forms.CharField):
    """Several lines."""

    def __init__(self, *, rows: int = 3, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **options)


class SlotsField(forms.MultipleChoiceField):
    """Weekly slots of two hours as check boxes; gives hours of the week, 0 to 167."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        choices = [
            (f"{day * 24 + start}", f"{start}–{end}") for day in range(7) for start, end in BLOCKS
        ]
        super().__init__(choices=choices, **options)

    def prepare_value(self, value: Any) -> Any:
        """A slot is ticked when its first hour is free."""
        return [str(one) for one in value or []]

    def clean(self, value: Any) -> list[int]:
        starts = [int(one) for one in super().clean(value)]
        return sorted({hour for start in starts for hour in (start, start + 1)})


class InterestsField(forms.CharField):
    """Interests with commas between them, each once, in small letters."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        said = [" ".join(one.split()).lower()[:40] for one in super().clean(value).split(",")]
        return sorted({one for one in said if one})[:20]


def areas_of(service: Service) -> QuerySet[Area]:
    """Return the neighbourhoods in which a service works; all, where it names none."""
    areas = Area.objects.filter(level=AreaLevel.INTERMEDIATE, geography__is_current=True)
    covered = service.areas.all()
    if covered.exists():
        areas = areas.filter(ancestors__ancestor__in=covered).distinct()
    return areas.order_by("name", "code")


def meeting_places() -> QuerySet[Place]:
    """Return public places where two people may meet; never a sensitive one."""
    return (
        Place.objects.filter(state__in=SHOWN_STATES)
        .exclude(kind__in=SENSITIVE_KINDS)
        .order_by("name", "id")
    )


class PersonForm(forms.Form):
    """What participants and volunteers have in common. Give `service` and `initial`."""

    name = forms.CharField(label=_("Name"), max_length=120)
    called = forms.CharField(
        label=_("What to call them"),
        max_length=60,
        required=False,
        help_text=_("The other side of a pairing reads only this."),
    )
    contact = forms.CharField(
        label=_("How to reach them"),
        max_length=160,
        required=False,
        help_text=_("A home address stays in the service's own file."),
    )
    travel_area = forms.ModelChoiceField(
        label=_("Neighbourhood"), queryset=Area.objects.none(), required=False
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages they speak"), choices=SPOKEN, widget=forms.CheckboxSelectMultiple
    )
    interests = InterestsField(
        label=_("Interests"), required=False, help_text=_("With commas between them.")
    )
    free_hours = SlotsField(label=_("Usually free"), required=False)
    gender = forms.ChoiceField(label=_("Gender"), choices=GENDERS, required=False)
    prefers_gender = forms.ChoiceField(label=_("Wishes to meet"), choices=WISHES, required=False)
    prefers_because = forms.CharField(label=_("Why, if they say"), max_length=200, required=False)
    communication = forms.CharField(label=_("Communication needs"), max_length=200, required=False)
    needs = Text(label=_("What helps, and what to avoid"), required=False)

    def __init__(self, *arguments: Any, service: Service, **named: Any) -> None:
        super().__init__(*arguments, **named)
        cast("forms.ModelChoiceField[Any]", self.fields["travel_area"]).queryset = areas_of(service)


def initial_of(person: Participant | Volunteer, form: type[forms.Form]) -> dict[str, Any]:
    """Return what is known of somebody as the first values of a form."""
    return {name: getattr(person, name) for name in form.base_fields if hasattr(person, name)}


class ParticipantForm(PersonForm):
    prefers_language = forms.ChoiceField(
        label=_("Language they like best"), choices=[("", "–"), *SPOKEN], required=False
    )
    absence_cover = forms.CharField(
        label=_("Who rings when the volunteer is away"), max_length=160, required=False
    )
    needs_experience = forms.BooleanField(label=_("Needs an experienced volunteer"), required=False)


class ReferralForm(ParticipantForm):
    """A new referral: the person, and who put them forward. `person()` and `facts()` divide it."""

    source = forms.ChoiceField(label=_("Who referred"), choices=Referral.source.field.choices or ())
    referrer = forms.CharField(label=_("Name of whoever referred"), max_length=160, required=False)
    received_on = DateField(label=_("Received on"), initial=timezone.localdate)
    has_consented = forms.BooleanField(
        label=_("The person agreed to be put forward"), required=False
    )

    OWN = ("source", "referrer", "received_on", "has_consented")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["travel_area"].required = True

    def clean_received_on(self) -> Any:
        day = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("That day is still to come."))
        return day

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.OWN}

    def person(self) -> dict[str, Any]:
        return {k: v for k, v in self.cleaned_data.items() if k not in self.OWN}


class AssessmentForm(forms.Form):
    held_on = DateField(label=_("When you talked"), initial=timezone.localdate)
    hopes = Text(label=_("What they hope for"), required=False)
    risk = Text(
        label=_("What to be careful about"),
        required=False,
        help_text=_("Kept encrypted; only this service's coordinators and leads read it."),
    )
    needs_experience = forms.BooleanField(label=_("Needs an experienced volunteer"), required=False)
    is_eligible = forms.ChoiceField(
        label=_("Is this within what the service offers?"),
        choices=YES_NO,
        widget=forms.RadioSelect,
    )

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"is_eligible": self.cleaned_data["is_eligible"] == "yes"}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=200)


class MaybeReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why, if they say"),
        max_length=200,
        required=False,
        help_text=_("Nobody has to give a reason."),
    )


class DeclineForm(ReasonForm):
    is_never_again = forms.BooleanField(
        label=_("Never suggest these two to each other again"), required=False
    )


class PriorityForm(forms.Form):
    priority = forms.TypedChoiceField(
        label=_("Place in the order"),
        choices=[(0, _("As the wait says")), (1, _("Before the others")), (-1, _("Later"))],
        coerce=int,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=_("Why"), max_length=200, required=False)


class VolunteerForm(PersonForm):
    applied_on = DateField(label=_("Applied on"), initial=timezone.localdate)
    capacity = forms.IntegerField(
        label=_("Pairings at a time"), min_value=1, max_value=10, initial=1
    )
    travel_km = forms.IntegerField(
        label=_("Travels up to (km)"), min_value=0, max_value=100, initial=5
    )
    is_experienced = forms.BooleanField(label=_("Experienced"), required=False)
    away_until_on = DateField(label=_("Away until"), required=False)


class ReferenceForm(forms.Form):
    referee = forms.CharField(label=_("Who vouches"), max_length=160)
    asked_on = DateField(label=_("Asked on"), initial=timezone.localdate)


class ReferenceAnswerForm(forms.Form):
    answer = forms.ChoiceField(label=_("Do they vouch?"), choices=YES_NO, widget=forms.RadioSelect)
    received_on = DateField(label=_("Answered on"), initial=timezone.localdate)
    note = Text(label=_("What they said"), required=False, help_text=_("Kept encrypted."))


class TrainingForm(forms.Form):
    title = forms.CharField(label=_("What it was about"), max_length=120)
    held_on = DateField(label=_("When"), initial=timezone.localdate)
    is_preparation = forms.BooleanField(
        label=_("This is the training that a pairing asks for"), required=False
    )


class SupervisionForm(forms.Form):
    held_on = DateField(label=_("When"), initial=timezone.localdate)
    note = Text(
        label=_("What was said"),
        required=False,
        help_text=_("Kept encrypted. The volunteer may read it."),
    )
    next_on = DateField(label=_("Next one"), required=False)


class CheckForm(forms.Form):
    scheme = forms.ChoiceField(label=_("Scheme"), choices=CheckScheme.choices)
    membership_number = forms.CharField(label=_("Membership number"), max_length=40, required=False)
    role_type = forms.CharField(
        label=_("Type of role"), max_length=80, initial=_("Befriending adults")
    )


class CheckDecisionForm(forms.Form):
    answer = forms.ChoiceField(
        label=_("Cleared for this role?"),
        choices=YES_NO,
        widget=forms.RadioSelect,
        help_text=_("Only the decision is kept. Write down nothing of what the check found."),
    )
    decided_on = DateField(label=_("Decided on"), initial=timezone.localdate)
    expires_on = DateField(label=_("Valid until"), required=False)


class ExpenseForm(forms.Form):
    on = DateField(label=_("Day"), initial=timezone.localdate)
    kind = forms.ChoiceField(label=_("For what"), choices=ExpenseKind.choices)
    pounds = forms.DecimalField(
        label=_("Amount in pounds"), min_value=0.01, max_value=1000, decimal_places=2
    )

    def facts(self) -> dict[str, Any]:
        return {
            "on": self.cleaned_data["on"],
            "kind": self.cleaned_data["kind"],
            "pence": int(self.cleaned_data["pounds"] * 100),
        }


class IntroduceForm(forms.Form):
    on = DateField(label=_("Introduced on"), initial=timezone.localdate)
    good_to_know = Text(
        label=_("Good to know for the first meetings"),
        required=False,
        help_text=_("Both of them can read this."),
    )


class AgreementForm(forms.Form):
    """The clauses, one a line."""

    clauses = Text(
        label=_("What you agree on"),
        rows=24,
        help_text=_("One point a line. Fill in what stands in brackets."),
    )

    def lines(self) -> list[str]:
        return [line for line in self.cleaned_data["clauses"].splitlines() if line.strip()]


class SetUpForm(forms.Form):
    """What the coordinators of a service decide for themselves."""

    telephone = forms.CharField(
        label=_("Telephone"),
        max_length=32,
        required=False,
        help_text=_("Participants and volunteers see it on their own pages."),
    )
    hours = forms.CharField(label=_("When somebody answers"), max_length=120, required=False)
    visit_grace_minutes = forms.IntegerField(
        label=_("Minutes until a lone visit that has not ended raises an alarm"),
        min_value=5,
        max_value=240,
        help_text=_("Counted from when the volunteer said that they would be out again."),
    )
    clauses = Text(
        label=_("The agreement that new pairings begin with"),
        rows=24,
        required=False,
        help_text=_(
            "One point a line. What stands in brackets is filled in for each pairing. Leave it "
            "empty to go back to the sixteen points that we suggest."
        ),
    )

    def lines(self) -> list[str]:
        return [line for line in self.cleaned_data["clauses"].splitlines() if line.strip()]


class ScaleForm(forms.Form):
    """The questions of a scale; each may be skipped. `answers()` gives them in order."""

    answered_on = DateField(label=_("Answered on"), initial=timezone.localdate)
    consented_on = DateField(
        label=_("Agreed to be asked on"),
        initial=timezone.localdate,
        help_text=_("Say first why you ask, and that any question may be skipped."),
    )

    def __init__(self, *arguments: Any, sheet: Sheet, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._names = []
        for number, question in enumerate(sheet.questions, start=1):
            name = f"question_{number}"
            self._names.append(name)
            self.fields[name] = forms.TypedChoiceField(
                label=f"{number}. {question.text}",
                choices=[*question.answers, ("", _("Skipped"))],
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
            )
        self.order_fields([*self._names, "answered_on", "consented_on"])

    def answers(self) -> list[int | None]:
        return [self.cleaned_data[name] for name in self._names]


class ScaleFileForm(forms.Form):
    """The file of a scale that the service holds a licence for."""

    file = forms.FileField(
        label=_("The scale's file (JSON)"),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
    holds_licence = forms.BooleanField(
        label=_("Our service holds the licence that the file names"),
    )

    def clean_file(self) -> ScaleFile:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("That file is too large for a scale."))
        try:
            return read_scale_file(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("That is not UTF-8 text.")) from error
        except ScaleFileError as error:
            raise forms.ValidationError(list(error.problems)) from error


class ArrangeForm(forms.Form):
    on = DateField(label=_("Day"))
    at = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    mode = forms.ChoiceField(label=_("How"), choices=MeetingMode.choices)
    place = forms.ModelChoiceField(
        label=_("Public place"), queryset=Place.objects.none(), required=False
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        cast("forms.ModelChoiceField[Any]", self.fields["place"]).queryset = meeting_places()


class MeetingForm(forms.Form):
    """Two taps: what happened, save. The rest is there for whoever wants to say more."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=_("What happened?"),
        choices=[
            (MeetingOutcome.MET, _("We met")),
            (MeetingOutcome.MISSED, _("It didn't happen")),
            (MeetingOutcome.PAUSED, _("We are pausing")),
            (MeetingOutcome.CANCELLED, _("Called off beforehand")),
        ],
        widget=forms.RadioSelect,
    )
    on = DateField(label=_("Day"), initial=timezone.localdate)
    mode = forms.ChoiceField(
        label=_("How"), choices=[("", "–"), *MeetingMode.choices], required=False
    )
    minutes = forms.IntegerField(
        label=_("How many minutes"), min_value=1, max_value=720, required=False
    )
    place = forms.ModelChoiceField(
        label=_("Public place"), queryset=Place.objects.none(), required=False
    )
    note = Text(
        label=_("Private note"),
        required=False,
        max_length=2000,
        help_text=_("Kept encrypted. Both of you and the service may read it. No names, please."),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        cast("forms.ModelChoiceField[Any]", self.fields["place"]).queryset = meeting_places()


class ReviewForm(forms.Form):
    held_on = DateField(label=_("When you talked"), initial=timezone.localdate)
    answer = forms.ChoiceField(
        label=_("Do they wish to go on?"),
        choices=[*YES_NO, ("", _("Not sure"))],
        required=False,
        widget=forms.RadioSelect,
    )
    note = Text(label=_("What was said"), required=False, help_text=_("Kept encrypted."))


class NewReviewForm(forms.Form):
    side = forms.ChoiceField(label=_("With whom"), choices=Side.choices)
    due_on = DateField(label=_("Due on"))


class PauseForm(forms.Form):
    until_on = DateField(
        label=_("Until"), required=False, help_text=_("Leave it empty if you don't know yet.")
    )


class PlanEndingForm(forms.Form):
    plan = Text(label=_("What comes after"), required=False)
    last_met_on = DateField(label=_("Last meeting"), required=False)


class EndForm(PlanEndingForm):
    answer = forms.ChoiceField(label=_("Was it planned?"), choices=YES_NO, widget=forms.RadioSelect)
    ended_on = DateField(label=_("Ended on"), initial=timezone.localdate)
    reviewed_on = DateField(label=_("Last review with both"), required=False)
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("Not asked")), *EndingReason.choices],
        required=False,
    )
    field_order = ("answer", "ended_on", "plan", "reviewed_on", "last_met_on", "reason")


class VisitForm(forms.Form):
    minutes = forms.TypedChoiceField(
        label=_("How long will it take?"),
        choices=[(30, _("Half an hour")), (60, _("An hour")), (90, _("An hour and a half")),
                 (120, _("Two hours")), (180, _("Three hours"))],
        coerce=int,
        initial=60,
        widget=forms.RadioSelect,
    )  # fmt: skip


class ConcernForm(forms.Form):
    text = Text(
        label=_("What worries you?"),
        rows=6,
        max_length=MOST_WORDS,
        help_text=_("Say what you saw or heard, and when. Only the safeguarding leads read it."),
    )


class ConcernStepForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What did you do?"),
        choices=[
            (ConcernStepKind.NOTE, _("A note")),
            (ConcernStepKind.PASSED_ON, _("Passed on")),
            (ConcernStepKind.CLOSED, _("Closed")),
        ],
        widget=forms.RadioSelect,
    )
    text = Text(label=_("In words"), max_length=MOST_WORDS)


class WeightsForm(forms.Form):
    interests = forms.IntegerField(label=_("Shared interests"), min_value=0, max_value=100)
    hours = forms.IntegerField(label=_("Shared free hours"), min_value=0, max_value=100)
    nearness = forms.IntegerField(label=_("Nearness"), min_value=0, max_value=100)
    language = forms.IntegerField(label=_("Preferred language"), min_value=0, max_value=100)
    experience = forms.IntegerField(label=_("Experience"), min_value=0, max_value=100)
    because = forms.CharField(label=_("Why"), max_length=200)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        points = [given.get(name) for name in Weights.__dataclass_fields__]
        if None not in points and sum(point or 0 for point in points) != 100:
            raise forms.ValidationError(_("The five weights have to make 100."))
        return given


class VolunteerChoiceForm(ReasonForm):
    """A volunteer of the service, chosen by hand."""

    volunteer = forms.ModelChoiceField(label=_("Volunteer"), queryset=Volunteer.objects.none())
    field_order = ("volunteer", "reason")

    def __init__(self, *arguments: Any, service: Service, **named: Any) -> None:
        super().__init__(*arguments, **named)
        cast(
            "forms.ModelChoiceField[Any]", self.fields["volunteer"]
        ).queryset = Volunteer.objects.filter(
            service=service, left_on=None, declined_on=None
        ).order_by("name", "id")


class BoardFilter(forms.Form):
    """What the board shows; the address holds it."""

    q = forms.CharField(label=_("Name"), max_length=60, required=False)
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("All")), *SPOKEN], required=False
    )
    area = forms.ModelChoiceField(
        label=_("Neighbourhood"), queryset=Area.objects.none(), required=False,
        empty_label=_("All"),
    )  # fmt: skip

    def __init__(self, *arguments: Any, service: Service, **named: Any) -> None:
        super().__init__(*arguments, **named)
        cast("forms.ModelChoiceField[Any]", self.fields["area"]).queryset = areas_of(service)


def slot_days(form: forms.Form) -> list[tuple[Any, list[Any]]]:
    """Return the check boxes of the weekly slots by day, for the template."""
    boxes = list(form["free_hours"])
    size = len(BLOCKS)
    return [(WEEKDAYS[day], boxes[day * size : (day + 1) * size]) for day in range(len(WEEKDAYS))]
