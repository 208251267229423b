"""Writes of what workers keep for themselves: areas they drew, views of their map."""

from django.contrib.gis.geos import GEOSGeometry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record
from kinder.accounts.models import Organisation, User
from places.models import SavedArea, SavedView
from places.rules import check_can_share_with, check_owns
from places.shapes import check_shape

MAX_SAVED = 200
NAME_TAKEN = _("You have one of this name already. Choose another name.")
TOO_MANY = _("You keep a great many already. Delete one you no longer need.")


@transaction.atomic
def save_area(
    *,
    by: User,
    name: str,
    shape: GEOSGeometry,
    made: str,
    organisation: Organisation | None = None,
) -> SavedArea:
    """Keep an area under a name, for oneself or shared with an organisation of one's own.

    Raises Refused, or ValidationError naming the field (`name`, or the shape's own reason).
    """
    check_can_share_with(by, organisation=organisation)
    checked = check_shape(shape)
    _check_name(by, SavedArea, name)
    area = SavedArea.objects.create(
        name=name,
        geometry=checked,
        made=SavedArea.Made(made),
        owner=by,
        organisation=organisation,
    )
    record("save_area", area, by=by, organisation=organisation, made=area.made)
    return area


@transaction.atomic
def change_area(
    *, by: User, area: SavedArea, name: str, organisation: Organisation | None
) -> SavedArea:
    """Give a saved area another name, or share it with another organisation or nobody."""
    check_owns(by, saved=area)
    check_can_share_with(by, organisation=organisation)
    _check_name(by, SavedArea, name, but=area.pk)
    area.name, area.organisation = name, organisation
    area.save(update_fields=["name", "organisation"])
    record("change_saved_area", area, by=by, organisation=organisation)
    return area


@transaction.atomic
def delete_area(*, by: User, area: SavedArea) -> None:
    """Forget a saved area; whatever was made of it stays as it was made."""
    check_owns(by, saved=area)
    record("delete_saved_area", area, by=by)
    area.delete()


@transaction.atomic
def save_view(
    *, by: User, name: str, query: str, organisation: Organisation | None = None
) -> SavedView:
    """Keep the filters of the workers' map under a name."""
    check_can_share_with(by, organisation=organisation)
    _check_name(by, SavedView, name)
    view = SavedView.objects.create(name=name, query=query, owner=by, organisation=organisation)
    record("save_view", view, by=by, organisation=organisation)
    return view


@transaction.atomic
def delete_view(*, by: User, view: SavedView) -> None:
    """Take a saved view away. Raises Refused for somebody else's."""
    check_owns(by, saved=view)
    record("delete_saved_view", view, by=by)
    view.delete()


def _check_name(
    by: User, kind: type[SavedArea] | type[SavedView], name: str, but: int | None = None
) -> None:
    saved = kind.objects.filter(owner=by).exclude(pk=but)
    if saved.filter(name=name).exists():
        raise ValidationError({"name": NAME_TAKEN})
    if but is None and saved.count() >= MAX_SAVED:
        raise ValidationError({"name": TOO_MANY})
