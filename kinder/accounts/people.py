"""Who sees which people and organisations: administrators all, coordinators those of their own."""

from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from kinder.accounts.models import Invitation, Membership, Organisation, Role, User


def organisations_of(user: User) -> "QuerySet[Organisation]":
    """Return the organisations that `user` looks after."""
    if user.is_administrator:
        return Organisation.objects.all()
    keys = [place for place, role in user.role_pairs if role == Role.COORDINATOR]
    return Organisation.objects.filter(pk__in=keys)


def memberships_of(user: User) -> "QuerySet[Membership]":
    """Return the roles in the organisations that `user` looks after."""
    return Membership.objects.filter(organisation__in=organisations_of(user)).select_related(
        "user", "organisation"
    )


def invitations_of(user: User) -> "QuerySet[Invitation]":
    """Return the invitations to the organisations that `user` looks after, the newest first."""
    return Invitation.objects.filter(organisation__in=organisations_of(user)).select_related(
        "organisation", "invited_by"
    )


def people_of(user: User, *, sought: str = "") -> "QuerySet[Any]":
    """Return whom `user` may see, by name: an administrator whoever has a role (or fits what is
    sought), a coordinator the people of their organisations; each with the roles they may see."""
    people = User.objects.filter(is_active=True)
    if user.is_administrator:
        if not sought:
            people = people.filter(Q(is_administrator=True) | Q(memberships__isnull=False))
    else:
        people = people.filter(memberships__organisation__in=organisations_of(user))
    if sought:
        people = people.filter(Q(name__icontains=sought) | Q(email__icontains=sought))
    return (
        people.distinct()
        .order_by("name", "email")
        .prefetch_related(
            Prefetch("memberships", memberships_of(user).order_by("organisation__name", "role"))
        )
    )
