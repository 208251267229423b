"""The deeds about people, each with its row of audit in the same transaction."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import InternalError, connection, transaction

from kinder.accounts import actions
from kinder.accounts.acting import Purpose
from kinder.accounts.audit import record, search_events, subject_of
from kinder.accounts.models import AuditEvent, Membership, Organisation, Role, User
from kinder.accounts.rules import Refused
from tests.factories import AdministratorFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    user: User = AdministratorFactory.create()
    return user


def last_event() -> AuditEvent:
    event = AuditEvent.objects.first()
    assert event is not None
    return event


def test_add_organisation(administrator: User) -> None:
    organisation = actions.add_organisation(by=administrator, name="Kite Hill", kind="charity")
    event = last_event()
    assert (event.verb, event.object_type, event.object_id, event.organisation_id, event.facts) == (
        "add_organisation",
        "accounts.organisation",
        str(organisation.pk),
        organisation.pk,
        {"kind": "charity"},
    )
    assert event.actor_id == subject_of(administrator).pk
    with pytest.raises(Refused, match="already"):
        actions.add_organisation(by=administrator, name="KITE HILL", kind="charity")


def test_change_organisation_tells_which_fields_and_not_what(administrator: User) -> None:
    organisation = OrganisationFactory.create(name="Old")
    actions.change_organisation(
        by=administrator, organisation=organisation, name="New", kind=organisation.kind
    )
    assert Organisation.objects.get(pk=organisation.pk).name == "New"
    assert last_event().facts == {"fields": ["name"]}
    before = AuditEvent.objects.count()
    actions.change_organisation(by=administrator, organisation=organisation, name="New")
    assert AuditEvent.objects.count() == before


def test_a_role_is_given_once_and_taken_away(administrator: User) -> None:
    organisation = OrganisationFactory.create()
    user = actions.add_person(by=administrator, email="Worker@Example.org", name="W")
    assert user.email == "worker@example.org"
    assert not user.has_usable_password()
    assert EmailAddress.objects.get(user=user).verified is False
    assert actions.add_person(by=administrator, email="worker@example.org") == user
    assert user.roles == frozenset()
    actions.grant_role(by=administrator, user=user, organisation=organisation, role=Role.WORKER)
    assert user.roles == {Role.WORKER}
    assert last_event().facts == {"role": "worker", "to": str(subject_of(user).pk)}
    with pytest.raises(Refused, match="already"):
        actions.grant_role(by=administrator, user=user, organisation=organisation, role=Role.WORKER)
    for _again in range(2):
        actions.revoke_role(
            by=administrator, user=user, organisation=organisation, role=Role.WORKER
        )
    assert user.roles == frozenset()
    verbs = list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["add_person", "grant_role", "revoke_role"]


def test_administrators_are_made_and_ended_but_one_stays(administrator: User) -> None:
    other = UserFactory.create()
    actions.make_administrator(by=administrator, user=other)
    other.refresh_from_db()
    assert other.is_administrator
    assert other.is_staff
    with pytest.raises(Refused, match="already"):
        actions.make_administrator(by=administrator, user=other)
    actions.end_administrator(by=other, user=administrator)
    administrator.refresh_from_db()
    assert not administrator.is_administrator
    assert not administrator.is_superuser
    with pytest.raises(Refused, match="another one first"):
        actions.end_administrator(by=other, user=other)


DEEDS: list[tuple[str, dict[str, Any]]] = [
    ("add_organisation", {"name": "X", "kind": "charity"}),
    ("change_organisation", {"organisation": None, "name": "X"}),
    ("add_person", {"email": "x@example.org"}),
    ("grant_role", {"user": None, "organisation": None, "role": Role.LEAD}),
    ("revoke_role", {"user": None, "organisation": None, "role": Role.LEAD}),
    ("make_administrator", {"user": None}),
    ("end_administrator", {"user": None}),
    ("export_person", {"person": None}),
    ("erase_person", {"person": None}),
]


@pytest.mark.parametrize(("name", "arguments"), DEEDS, ids=[name for name, _arguments in DEEDS])
def test_nobody_else_does_any_of_it(
    administrator: User, name: str, arguments: dict[str, Any]
) -> None:
    organisation = OrganisationFactory.create()
    membership = Membership.objects.create(
        user=UserFactory.create(), organisation=organisation, role=Role.LEAD
    )
    known = {"organisation": organisation, "user": administrator, "person": administrator}
    filled = {key: known[key] if value is None else value for key, value in arguments.items()}
    before = (User.objects.count(), Organisation.objects.count(), Membership.objects.count())
    with pytest.raises(Refused):
        getattr(actions, name)(by=membership.user, **filled)
    assert before == (
        User.objects.count(),
        Organisation.objects.count(),
        Membership.objects.count(),
    )
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE accounts_auditevent SET verb = 'nothing'",
        "DELETE FROM accounts_auditevent",
    ],
)
def test_the_audit_is_only_ever_added_to(administrator: User, change: str) -> None:
    event = record("add_organisation", OrganisationFactory.create(), by=administrator)
    with pytest.raises(InternalError, match="Cannot"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(change)
    with pytest.raises(InternalError, match="Cannot"), transaction.atomic():
        event.delete()
    assert AuditEvent.objects.get() == event


def test_a_deed_that_fails_leaves_no_audit(administrator: User) -> None:
    with pytest.raises(LookupError), transaction.atomic():
        actions.add_organisation(by=administrator, name="Gone", kind="charity")
        raise LookupError
    assert not AuditEvent.objects.exists()


def test_the_audit_is_searched_by_every_side_of_it(administrator: User) -> None:
    organisation = OrganisationFactory.create()
    mine = record("add_place", organisation, by=administrator, organisation=organisation)
    job = record("publish_release", administrator, by=Purpose.RELEASE)
    gone = UserFactory.create()
    erased = record("hide_place", organisation, by=gone)
    gone.delete()

    def found(**wanted: Any) -> list[AuditEvent]:
        return [entry.event for entry in search_events(wanted)]

    assert found() == [erased, job, mine]
    assert found(verb="place") == [erased, mine]
    assert found(person=administrator.email.upper()) == [mine]
    assert found(organisation=organisation) == [mine]
    assert found(thing="accounts.subject") == [job]
    assert found(thing=str(organisation.pk)) == [erased, mine]
    assert found(before=job.pk) == [mine]
    assert found(since_on=mine.at.date(), until_on=mine.at.date()) == [erased, job, mine]
    entries = {entry.event: entry for entry in search_events({})}
    assert entries[mine].actor == administrator
    assert entries[mine].organisation == organisation
    assert entries[erased].actor is None
