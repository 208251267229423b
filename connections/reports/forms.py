"""What a reader may ask for in an address: shape only."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions import INDICATORS
from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter, parse_quarter
from connections.reports import reading
from connections.reports.question import MAX_AREAS, MAX_TITLE, Question
from connections.reports.vocabulary import DEFAULT_SECTIONS, Comparator, Format, Scope, Section
from kinder.accounts.models import User
from kinder.words import has_reports
from places.models import Area
from places.vocabulary import AreaLevel


class PeriodField(forms.CharField):
    """A calendar quarter such as 2026-Q1: no other span of time exists."""

    def clean(self, value: object) -> str:
        text: str = super().clean(value)
        try:
            if text:
                parse_quarter(text)
        except ValueError as error:
            raise ValidationError(
                _("Give a quarter, for example 2026-Q1."), code="quarter"
            ) from error
        return text


class FiguresForm(forms.Form):
    """Which indicator, release and level a map shows."""

    indicator = forms.ChoiceField(
        label=_("Figure"),
        required=False,
        # No map of what may not be compared between areas.
        choices=[(code, i.name) for code, i in INDICATORS.items() if i.is_comparable],
    )
    release = PeriodField(label=_("Quarter"), required=False, max_length=7)
    level = forms.ChoiceField(
        label=_("Areas"),
        required=False,
        choices=[
            (AreaLevel.INTERMEDIATE.value, _("Neighbourhoods")),
            (AreaLevel.COMMUNITY.value, _("Communities")),
            (AreaLevel.COUNCIL.value, _("Council areas")),
        ],
    )


class PickerForm(forms.Form):
    """Which area and quarter a reader looks for."""

    q = forms.CharField(label=_("Area's name, code or postcode"), required=False, max_length=80)
    release = PeriodField(label=_("Quarter"), required=False, max_length=7)


def read_comparators(asked: QueryDict) -> tuple[Comparator, ...]:
    """Return what an address wants beside the figures (`?beside=country&beside=similar`), else the
    areas around; what is unknown is passed over."""
    wanted = asked.getlist("beside")
    return tuple(item for item in Comparator if item.value in wanted) or (Comparator.PARENT,)


def split_codes(values: list[str]) -> list[str]:
    """Return the codes in `values`, each once: given one by one, or several between commas."""
    codes = [code.strip() for value in values for code in value.replace(";", ",").split(",")]
    return list(dict.fromkeys(code for code in codes if code))


def find_areas(release: Release, words: list[str]) -> list[Area]:
    """Return the areas with these codes or names, A–Z. Raises ValidationError for what is unknown,
    and for a name that several areas have."""
    if len(words) > MAX_AREAS:
        raise ValidationError(
            _("At most %(most)s areas fit in one report. For more, take the whole release."),
            code="many",
            params={"most": MAX_AREAS},
        )
    known = list(
        Area.objects.using(reading.READER)
        .filter(geography=release.geography_id)
        .exclude(level=AreaLevel.ZONE)
        .annotate(called=Lower("name"))
        .filter(Q(code__in=words) | Q(called__in=[word.lower() for word in words]))
        .defer("geometry")
        .order_by("name", "code")
    )
    by_code = {area.code: area for area in known}
    by_name: dict[str, list[Area]] = {}
    for area in known:
        by_name.setdefault(area.name.lower(), []).append(area)
    found: set[Area] = set()
    unknown, shared = [], []
    for word in words:
        named = [by_code[word]] if word in by_code else by_name.get(word.lower(), [])
        found.update(named[:1])
        if not named:
            unknown.append(word)
        elif len(named) > 1:
            shared += [f"{area.name} ({area.get_level_display()}): {area.code}" for area in named]
    if unknown:
        raise ValidationError(
            _("There is no area with this name or code: %(codes)s."),
            code="unknown",
            params={"codes": ", ".join(unknown)},
        )
    if shared:
        raise ValidationError(
            _("Several areas have this name. Write the code of the one you mean: %(codes)s."),
            code="shared",
            params={"codes": "; ".join(shared)},
        )
    return [area for area in known if area in found]


class BuildForm(forms.Form):
    """What a report shall hold. What was typed stays, whatever was wrong."""

    areas = forms.CharField(
        label=_("Areas"),
        help_text=_("Names or codes, with commas between them."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Choose an area first.")},
    )
    title = forms.CharField(
        label=_("Title of your own"),
        help_text=_("Left empty, the report is named after its areas."),
        required=False,
        max_length=MAX_TITLE,
    )
    sections = forms.MultipleChoiceField(
        label=_("What it holds"),
        choices=Section.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one part.")},
    )
    comparators = forms.MultipleChoiceField(
        label=_("Beside the figures"),
        help_text=_("Only where areas may be compared at all."),
        choices=Comparator.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    formats = forms.MultipleChoiceField(
        label=_("Files"),
        choices=Format.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of file.")},
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[(code, name) for code, name in settings.LANGUAGES if has_reports(code)],
    )
    wants_email = forms.BooleanField(label=_("E-mail me a link when it is ready"), required=False)
    repeats = forms.BooleanField(
        label=_("Make it again at each release, for my list"), required=False
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        release: Release,
        asked: QueryDict,
        user: User | None,
    ) -> None:
        self.release = release
        self.found: list[Area] = []
        super().__init__(data, initial=self._begin_with(asked))
        if user is None:
            # A letter and a standing order need somebody to go to.
            del self.fields["wants_email"], self.fields["repeats"]

    @property
    def period(self) -> str:
        return name_quarter(self.release.quarter_id)

    def _begin_with(self, asked: QueryDict) -> dict[str, Any]:
        codes = split_codes(asked.getlist("area"))
        try:
            self.found = find_areas(self.release, codes)
        except ValidationError:
            self.found = []
        language = get_language() or settings.LANGUAGE_CODE
        return {
            "areas": ", ".join(codes),
            "sections": [item.value for item in DEFAULT_SECTIONS],
            "comparators": [item.value for item in read_comparators(asked)],
            "formats": [Format.PDF.value, Format.XLSX.value],
            "language": language if has_reports(language) else settings.LANGUAGE_CODE,
        }

    def clean_areas(self) -> list[str]:
        codes = split_codes([self.cleaned_data["areas"]])
        if not codes:
            raise ValidationError(_("Choose an area first."), code="required")
        self.found = find_areas(self.release, codes)
        return [area.code for area in self.found]

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if any(ord(sign) < 32 for sign in title):
            raise ValidationError(_("Write the title in one line."), code="lines")
        return title

    def question(self) -> Question:
        """Return what was asked, once the form is valid."""
        cleaned = self.cleaned_data
        return Question(
            period=self.period,
            areas=tuple(cleaned["areas"]),
            language=cleaned["language"],
            sections=tuple(Section(value) for value in cleaned["sections"]),
            comparators=tuple(Comparator(value) for value in cleaned["comparators"]),
            title=cleaned["title"],
        )

    @property
    def order_name(self) -> str:
        """A name for a standing order: the title, or the areas."""
        names = ", ".join(area.name for area in self.found)
        name = self.cleaned_data["title"] or names or _now("Report")
        return name[:MAX_TITLE]


class CompareForm(forms.Form):
    """Which areas stand side by side."""

    release = PeriodField(label=_("Quarter"), required=False, max_length=7)
    q = forms.CharField(
        label=_("Add an area: name, code or postcode"), required=False, max_length=80
    )


class ViewForm(forms.Form):
    """A name for an address."""

    name = forms.CharField(label=_("Name"), max_length=MAX_TITLE)
    address = forms.CharField(max_length=4000, widget=forms.HiddenInput)


class KeyForm(forms.Form):
    """What a key is for."""

    name = forms.CharField(
        label=_("What the key is for"),
        max_length=80,
        error_messages={"required": _("Say what the key is for.")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what the key may do.")},
    )
