"""The register, areas and gatherings in the administration.

Places are changed through the same actions as everywhere: what is written here is checked, audited
and gone from every map at once, too.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import FloatField, ModelForm, URLField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kinder.accounts.audit import record
from kinder.accounts.models import User
from kinder.accounts.rules import Refused
from kinder.admin import LookOnlyAdmin
from places.actions import (
    CHANGEABLE,
    add_place,
    change_place,
    close_place,
    confirm_place,
    hide_place,
    note_change,
    show_place_again,
)
from places.gatherings import check_recurrence
from places.hours import InvalidHoursError, check_hours
from places.models import (
    Area,
    AreaAlias,
    Gathering,
    Geography,
    LayerVersion,
    Place,
    PlaceAltName,
    PlaceName,
    Postcode,
    Welcome,
)
from places.vocabulary import HideReason


def _actor(request: HttpRequest) -> User:
    """The administration opens for users only."""
    user = request.user
    if not isinstance(user, User):
        raise Refused(_("Please sign in first."))
    return user


class WelcomeInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Welcome
    extra = 0


class AltNameInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PlaceAltName
    extra = 0


class PlaceForm(ModelForm):  # type: ignore[type-arg]
    """A place with its position as two numbers: no map server is asked for anything."""

    lat = FloatField(label=_("latitude"), min_value=-85, max_value=85)
    lon = FloatField(label=_("longitude"), min_value=-180, max_value=180)
    website = URLField(label=_("website"), required=False, assume_scheme="https")

    class Meta:
        model = Place
        fields = sorted(CHANGEABLE - {"point", "footprint", "languages", "cost_checked_on"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["lat"].initial = self.instance.point.y
            self.fields["lon"].initial = self.instance.point.x

    def clean_opening_hours(self) -> str:
        value = str(self.cleaned_data["opening_hours"])
        if self.cleaned_data.get("are_hours_unread"):
            return value
        try:
            check_hours(value)
        except InvalidHoursError as error:
            raise ValidationError(str(error)) from error
        return value

    def as_changes(self) -> dict[str, Any]:
        """The fields for an action, with the position put together."""
        data = {name: self.cleaned_data[name] for name in CHANGEABLE & set(self.cleaned_data)}
        return data | {
            "point": Point(self.cleaned_data["lon"], self.cleaned_data["lat"], srid=4326)
        }


@admin.register(Place)
class PlaceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = PlaceForm
    inlines = [WelcomeInline, AltNameInline]
    list_display = ["name", "kind", "state", "area", "confirmed_at"]
    list_filter = ["state", "kind", "cost_to_stay", "source"]
    search_fields = ["name", "code", "address", "postcode"]
    list_select_related = ["area"]
    raw_id_fields = ["organisation"]
    readonly_fields = ["code", "state", "area", "weekly_hours", "source", "source_ref"]
    fieldsets = [
        (None, {"fields": ["name", "kind", "lat", "lon", "address", "postcode"]}),
        (
            _("What it is like"),
            {
                "fields": [
                    "are_hours_unread",
                    "opening_hours",
                    "cost_to_stay",
                    "who_for",
                    "is_booking_needed",
                    "description",
                    "website",
                    "telephone",
                    "organisation",
                ]
            },
        ),
        (_("Kept by the system"), {"fields": tuple(readonly_fields)}),
    ]
    actions = ["hide", "show_again", "close", "confirm"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Moments may point at a place: it is hidden or closed, never deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: Place, form: PlaceForm, change: bool) -> None:  # noqa: FBT001
        changes = form.as_changes()
        if change:
            saved = change_place(by=_actor(request), place=obj, changes=changes)
        else:
            saved = add_place(by=_actor(request), **changes)
        obj.pk = saved.pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """What makes a place welcoming is on the map too."""
        super().save_related(request, form, formsets, change)
        if changed := sorted(one.prefix for one in formsets if one.has_changed()):
            note_change(by=_actor(request), place=form.instance, fields=changed)

    @admin.action(description=_("Hide from everybody"))
    def hide(self, request: HttpRequest, queryset: QuerySet[Place]) -> HttpResponse | None:
        """Ask for the reason on a page of its own, then hide."""
        reason = request.POST.get("reason", "")
        if reason not in HideReason.values:
            return render(
                request,
                "places/admin_hide.html",
                {
                    **self.admin_site.each_context(request),
                    "title": _("Hide places"),
                    "places": queryset,
                    "reasons": HideReason.choices,
                    "opts": self.opts,
                },
            )
        self._for_each(
            request, queryset, lambda place, by: hide_place(by=by, place=place, reason=reason)
        )
        return redirect(reverse("admin:places_place_changelist"))

    @admin.action(description=_("Show again what was hidden"))
    def show_again(self, request: HttpRequest, queryset: QuerySet[Place]) -> None:
        self._for_each(request, queryset, lambda place, by: show_place_again(by=by, place=place))

    @admin.action(description=_("Closed for good"))
    def close(self, request: HttpRequest, queryset: QuerySet[Place]) -> None:
        self._for_each(request, queryset, lambda place, by: close_place(by=by, place=place))

    @admin.action(description=_("Confirm: it is as the register says"))
    def confirm(self, request: HttpRequest, queryset: QuerySet[Place]) -> None:
        self._for_each(request, queryset, lambda place, by: confirm_place(by=by, place=place))

    def _for_each(self, request: HttpRequest, queryset: QuerySet[Place], deed: Any) -> None:
        done = 0
        for place in queryset:
            try:
                deed(place, _actor(request))
            except Refused as refused:
                messages.warning(request, f"{place}: {refused.reason}")
            else:
                done += 1
        if done:
            messages.success(request, ngettext("%(n)s place.", "%(n)s places.", done) % {"n": done})


class RecordedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is set up here: each save is audited in its own transaction, nothing is deleted."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        verb = "change" if change else "add"
        record(f"{verb}_{obj._meta.model_name}", obj, by=_actor(request))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class GatheringForm(ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Gathering
        fields = [
            "title",
            "place",
            "organisation",
            "description",
            "starts_at",
            "minutes",
            "recurrence",
            "until_on",
            "is_asked",
            "is_not_asked",
            "how_to_leave",
            "food",
            "capacity",
            "language",
            "state",
        ]

    def clean_recurrence(self) -> str:
        value = str(self.cleaned_data["recurrence"])
        check_recurrence(value)
        return value


@admin.register(Gathering)
class GatheringAdmin(RecordedAdmin):
    form = GatheringForm
    list_display = ["title", "place", "starts_at", "minutes", "recurrence", "state"]
    list_filter = ["state"]
    search_fields = ["title", "place__name"]
    list_select_related = ["place"]
    raw_id_fields = ["place", "organisation"]


@admin.register(Geography)
class GeographyAdmin(RecordedAdmin):
    list_display = ["name", "slug", "applies_from_on", "is_current"]


class AliasInline(admin.TabularInline):  # type: ignore[type-arg]
    model = AreaAlias
    extra = 0


@admin.register(Area)
class AreaAdmin(LookOnlyAdmin):
    """Areas come from their import."""

    list_display = ["name", "code", "level", "geography", "parent", "population"]
    list_filter = ["level", "geography"]
    search_fields = ["name", "code"]
    list_select_related = ["geography", "parent"]
    exclude = ["geometry", "point"]
    inlines = [AliasInline]


@admin.register(Postcode)
class PostcodeAdmin(LookOnlyAdmin):
    list_display = ["code", "area", "is_large_user"]
    search_fields = ["code"]
    list_select_related = ["area"]
    exclude = ["point"]


@admin.register(PlaceName)
class PlaceNameAdmin(LookOnlyAdmin):
    list_display = ["name", "district", "kind", "area"]
    search_fields = ["name", "district"]
    list_select_related = ["area"]
    exclude = ["point"]


@admin.register(LayerVersion)
class LayerVersionAdmin(LookOnlyAdmin):
    list_display = ["layer", "version"]
