"""Befriending services, for the administrator to set up.

The records of a service are not here: row-level security shows an administrator none of them, and
whoever runs a service works on its own pages.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from connections.befriending.actions import add_service, change_service
from connections.befriending.models import Service
from connections.befriending.rules import check_can_be_on_duty
from kinder.accounts.rules import Refused, check_signed_in
from places.models import Area
from places.vocabulary import AreaLevel


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Service
        fields = ("organisation", "name", "telephone", "hours", "is_on_duty", "areas")

    def clean_is_on_duty(self) -> bool:
        is_on_duty: bool = self.cleaned_data["is_on_duty"]
        if is_on_duty:
            try:
                check_can_be_on_duty(self.instance)
            except Refused as error:
                raise ValidationError(str(error)) from error
        return is_on_duty


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = ServiceForm
    list_display = ("name", "organisation", "telephone", "is_on_duty")
    list_select_related = ("organisation",)
    filter_horizontal = ("areas",)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # Thousands of zones would make the page slow, and no service is that small.
        kwargs["queryset"] = Area.objects.filter(geography__is_current=True).exclude(
            level=AreaLevel.ZONE
        )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Its records would have to go first, and nobody may do that from here.
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Service,
        form: Any,
        change: bool,  # noqa: FBT001 - as Django calls it
    ) -> None:
        by = check_signed_in(request.user)
        facts = dict(form.cleaned_data)
        if change:
            change_service(by=by, service=Service.objects.get(pk=obj.pk), **facts)
        else:
            obj.pk = add_service(by=by, **facts).pk
            obj._state.adding = False

    def save_related(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        change: bool,  # noqa: FBT001 - as Django calls it
    ) -> None:
        """The action has set the areas already."""
