"""The deeds about people: organisations, roles, and a person's own data. Each writes its audit."""

from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kinder.accounts import privacy
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record, subject_of
from kinder.accounts.devices import add_device, find_device
from kinder.accounts.models import (
    Contributor,
    Device,
    Membership,
    Organisation,
    Role,
    User,
)
from kinder.accounts.privacy import Person
from kinder.accounts.rules import (
    Refused,
    check_administrator,
    check_can_be_erased,
    check_can_change_organisation,
    check_can_end_administrator,
    check_can_end_role,
    check_can_give_roles,
    check_can_handle_data_of,
)
from kinder.accounts.takeaway import Exported
from kinder.accounts.tombstones import erase_everywhere, raise_stone

ALREADY_HAS_ROLE = _("They have that role already.")
ALREADY_ADMINISTRATOR = _("They are an administrator already.")
TWO_ACCOUNTS = _("Both have an account of their own.")
NAME_IS_TAKEN = _("There is an organisation of that name already.")


@transaction.atomic
def add_organisation(*, by: User, name: str, kind: str, **facts: Any) -> Organisation:
    """Add an organisation; `facts` are its other fields. Refused where the name is taken."""
    check_administrator(by)
    if Organisation.objects.filter(name__iexact=name).exists():
        raise Refused(NAME_IS_TAKEN)
    try:
        with transaction.atomic():
            organisation = Organisation.objects.create(name=name, kind=kind, **facts)
    except IntegrityError:
        # Saved twice at the same moment: the other one was first.
        raise Refused(NAME_IS_TAKEN) from None
    record("add_organisation", organisation, by=by, organisation=organisation, kind=kind)
    return organisation


@transaction.atomic
def change_organisation(*, by: User, organisation: Organisation, **facts: Any) -> Organisation:
    """Change the fields of an organisation that `facts` names."""
    check_can_change_organisation(by, organisation=organisation)
    changed = sorted(name for name, value in facts.items() if getattr(organisation, name) != value)
    for name in changed:
        setattr(organisation, name, facts[name])
    if changed:
        organisation.save(update_fields=changed)
        record(
            "change_organisation", organisation, by=by, organisation=organisation, fields=changed
        )
    return organisation


@transaction.atomic
def add_person(*, by: User, email: str, name: str = "") -> User:
    """Give somebody an account without a password, and return it; one that is there stays as it is.

    The address is not verified by this: signing in with the code that is sent there does it.
    """
    check_can_give_roles(by)
    found = User.objects.filter(email=email.lower()).first()
    if found is not None:
        return found
    user = User.objects.create_user(email, name=name)
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    record("add_person", user, by=by)
    return user


@transaction.atomic
def grant_role(*, by: User, user: User, organisation: Organisation, role: Role) -> Membership:
    """Give `user` a role in `organisation`; Refused where they have it or `by` may not."""
    check_can_give_roles(by, to=user)
    membership, is_new = Membership.objects.get_or_create(
        user=user, organisation=organisation, role=role
    )
    if not is_new:
        raise Refused(ALREADY_HAS_ROLE)
    record(
        "grant_role", membership, by=by, organisation=organisation, role=role, to=_subject_of(user)
    )
    _forget_roles(user)
    return membership


@transaction.atomic
def revoke_role(*, by: User, user: User, organisation: Organisation, role: Role) -> None:
    """Take a role away; nothing happens where `user` does not have it."""
    check_can_end_role(by, organisation=organisation, role=role)
    membership = Membership.objects.filter(user=user, organisation=organisation, role=role).first()
    if membership is None:
        return
    record(
        "revoke_role",
        membership,
        by=by,
        organisation=organisation,
        role=role,
        of=_subject_of(user),
    )
    membership.delete()
    _forget_roles(user)


@transaction.atomic
def make_administrator(*, by: User, user: User) -> None:
    """Let `user` set the deployment up, beside whoever does already."""
    check_can_give_roles(by)
    if user.is_administrator:
        raise Refused(ALREADY_ADMINISTRATOR)
    _set_administrator(user, is_administrator=True)
    record("make_administrator", user, by=by)


@transaction.atomic
def end_administrator(*, by: User, user: User) -> None:
    """End an administrator's right, while another administrator remains."""
    # Two administrators ending one another at the same time would leave none.
    list(User.objects.filter(is_administrator=True).order_by("pk").select_for_update())
    check_can_end_administrator(by, of=user)
    _set_administrator(user, is_administrator=False)
    record("end_administrator", user, by=by)


def export_person(*, by: User | Contributor, person: Person) -> Exported:
    """Return all that the rooms hold about `person`, as plain data by room and kind of record."""
    check_can_handle_data_of(by, person=person)
    with acting(purpose=Purpose.ERASE):
        record("export_person", person, by=by)
        return _gather(person)


def count_rows(*, by: User | Contributor, person: Person) -> list[tuple[privacy.Holding, int]]:
    """Return every holding with how many rows of it are about `person`."""
    check_can_handle_data_of(by, person=person)
    with acting(purpose=Purpose.ERASE):
        exported = _gather(person)
    return [
        (holding, sum(len(exported[room.name].get(kind, ())) for kind in holding.exported_as))
        for room in privacy.rooms()
        for holding in room.describe()
    ]


def erase_person(*, by: User | Contributor, person: Person) -> dict[str, int]:
    """Erase `person` from every room, accounts last; return how many rows went, by room.

    A tombstone without content stays, so that a restored backup can be erased again. The audit
    keeps ids that point at nobody once the person's subject is gone.
    """
    check_can_handle_data_of(by, person=person)
    is_own = by.pk == person.pk
    with acting(purpose=Purpose.ERASE):
        # Two administrators leaving at once would leave none.
        list(User.objects.filter(is_administrator=True).order_by("pk").select_for_update())
        check_can_be_erased(person)
        persons = _persons(person)
        stones = [raise_stone(one) for one in persons]
        counts = erase_everywhere(persons)
        for stone in stones:
            record("erase_person", stone, by=Purpose.ERASE if is_own else by, rows=counts)
    return counts


@transaction.atomic
def merge_contributors(
    *, by: User | Contributor, keep: Contributor, gone: Contributor
) -> Contributor:
    """Make two statistical persons one: `keep` takes over all that the rooms hold about `gone`.

    Their months are counted again by themselves. Refused where both have an account, for then they
    are two people. Returns `keep` as it now stands.
    """
    if keep.pk == gone.pk:
        return keep
    # In one order, so that two devices that sign in at once do not wait for each other for ever.
    both = Contributor.objects.select_for_update().filter(pk__in=[keep.pk, gone.pk]).order_by("pk")
    found = {one.pk: one for one in both}
    keep, gone = found[keep.pk], found[gone.pk]
    if keep.user_id and gone.user_id:
        raise Refused(TWO_ACCOUNTS)
    for room in privacy.rooms():
        if room.merge:
            room.merge(keep, gone)
    user, gone.user = gone.user, None
    gone.save(update_fields=["user"])
    keep.user = keep.user or user
    keep.created_at = min(keep.created_at, gone.created_at)
    # Whoever was left out of figures does not come back into them by signing in.
    keep.is_blocked = keep.is_blocked or gone.is_blocked
    keep.save(update_fields=["user", "created_at", "is_blocked"])
    Contributor.objects.filter(pk=gone.pk).delete()
    record("merge_contributors", subject_of(keep), by=by)
    return keep


@transaction.atomic
def link_device(*, by: User, key: str | None) -> Contributor | None:
    """Make the browser that holds `key` one of `by`'s: what it added so far joins what they added
    elsewhere. A browser that was somebody else's becomes theirs from now on, and no more.

    Returns the person that the browser now writes as; None where it holds no key.
    """
    if key is None:
        return None
    device = find_device(key)
    own = Contributor.objects.filter(user=by).first()
    if device is None:
        return add_device(key=key, contributor=own or Contributor.objects.create(user=by))
    there = Contributor.objects.select_for_update().get(pk=device.contributor_id)
    if there.user_id == by.pk:
        return there
    if there.user_id is not None:
        own = own or Contributor.objects.create(user=by)
        Device.objects.filter(pk=device.pk).update(contributor=own)
        return own
    if own is None:
        there.user = by
        there.save(update_fields=["user"])
        return there
    return merge_contributors(by=by, keep=own, gone=there)


def _gather(person: Person) -> Exported:
    exported: Exported = {}
    for room in privacy.rooms():
        kinds = exported.setdefault(room.name, {})
        for one in _persons(person):
            for kind, rows in room.export(one).items():
                kinds.setdefault(kind, []).extend(rows)
    return exported


def _persons(person: Person) -> list[Person]:
    """A user with the contributor that they log as; each room answers for both."""
    if isinstance(person, Contributor):
        return [person]
    return [*Contributor.objects.filter(user=person), person]


def _subject_of(user: User) -> str:
    return str(subject_of(user).pk)


def _set_administrator(user: User, *, is_administrator: bool) -> None:
    user.is_administrator = user.is_staff = user.is_superuser = is_administrator
    user.save(update_fields=["is_administrator", "is_staff", "is_superuser"])


def _forget_roles(user: User) -> None:
    """Roles are read once for each user object; this one just changed."""
    for name in ("role_pairs", "roles"):
        user.__dict__.pop(name, None)
