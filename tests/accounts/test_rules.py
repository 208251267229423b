"""Role × action × object → allowed, or the reason. One row a rule and situation."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import AnonymousUser

from kinder.accounts import rules
from kinder.accounts.models import Contributor, Membership, Organisation, Role, User
from kinder.accounts.rules import (
    ADMINISTRATOR_ONLY,
    GIVEN_BY_COORDINATORS,
    LAST_ADMINISTRATOR,
    NOT_IN_ORGANISATION,
    NOT_YOURSELF,
    ONLY_YOUR_OWN,
    SIGN_IN_FIRST,
    Actor,
    Refused,
    needs_role,
)
from tests.factories import ContributorFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """Everybody and everything that a row of the table may name."""

    ours: Organisation = field(default_factory=OrganisationFactory.create)
    theirs: Organisation = field(default_factory=OrganisationFactory.create)
    people: dict[str, Actor] = field(default_factory=dict)
    stranger: Contributor = field(default_factory=ContributorFactory.create)

    def __post_init__(self) -> None:
        self.people = {
            "nobody": AnonymousUser(),
            "closed": UserFactory.create(is_active=False, is_administrator=True),
            "resident": UserFactory.create(),
            "administrator": UserFactory.create(is_administrator=True),
            "second": UserFactory.create(is_administrator=True),
        }
        for role in Role:
            user = UserFactory.create()
            Membership.objects.create(user=user, organisation=self.ours, role=role)
            self.people[role.value] = user
        Membership.objects.create(
            user=self.user("worker"), organisation=self.theirs, role=Role.MEMBER
        )

    def user(self, who: str) -> User:
        user = self.people[who]
        assert isinstance(user, User)
        return user


@pytest.fixture
def world(db: None) -> World:
    return World()


EVERYBODY = ("nobody", "closed", "resident", "administrator", *(role.value for role in Role))
SIGNED_IN = EVERYBODY[2:]
ALLOWED = None
Ask = Callable[[World, Actor], object]
FOR_ADMINISTRATOR: dict[str, object] = (
    dict[str, object].fromkeys(SIGNED_IN, ADMINISTRATOR_ONLY)
    | dict.fromkeys(("nobody", "closed"), SIGN_IN_FIRST)
    | {"administrator": ALLOWED}
)


def refuse_all_but(reason: object, *allowed: str) -> dict[str, object]:
    table: dict[str, object] = dict.fromkeys(SIGNED_IN, reason)
    table |= dict.fromkeys(("nobody", "closed"), SIGN_IN_FIRST)
    return table | dict.fromkeys(allowed, ALLOWED)


TABLE: list[tuple[str, str, Ask, dict[str, object]]] = [
    (
        "check_signed_in",
        "",
        lambda _world, user: rules.check_signed_in(user),
        refuse_all_but(SIGN_IN_FIRST, *SIGNED_IN),
    ),
    (
        "check_administrator",
        "",
        lambda _world, user: rules.check_administrator(user),
        FOR_ADMINISTRATOR,
    ),
    (
        "check_can_read_audit",
        "",
        lambda _world, user: rules.check_can_read_audit(user),
        FOR_ADMINISTRATOR,
    ),
    (
        "check_role",
        "anywhere",
        lambda _world, user: rules.check_role(user, Role.WORKER, Role.LEAD),
        refuse_all_but(needs_role(Role.WORKER, Role.LEAD), "worker", "lead"),
    ),
    (
        "check_role",
        "in our organisation",
        lambda world, user: rules.check_role(user, Role.LEAD, organisation=world.ours),
        refuse_all_but(needs_role(Role.LEAD), "lead")
        | {"resident": NOT_IN_ORGANISATION, "administrator": NOT_IN_ORGANISATION},
    ),
    (
        "check_role",
        "in another organisation",
        lambda world, user: rules.check_role(user, Role.LEAD, organisation=world.theirs.pk),
        refuse_all_but(NOT_IN_ORGANISATION) | {"worker": needs_role(Role.LEAD)},
    ),
    (
        "check_role",
        "or administrator",
        lambda _world, user: rules.check_role(user, Role.FUNDER, or_administrator=True),
        refuse_all_but(needs_role(Role.FUNDER), "funder", "administrator"),
    ),
    (
        "check_can_give_roles",
        "to somebody else",
        lambda world, user: rules.check_can_give_roles(user, to=world.user("resident")),
        FOR_ADMINISTRATOR,
    ),
    (
        "check_can_give_roles",
        "to oneself, with another administrator there",
        lambda _world, user: rules.check_can_give_roles(
            user, to=user if isinstance(user, User) else None
        ),
        FOR_ADMINISTRATOR | {"administrator": NOT_YOURSELF},
    ),
    (
        "check_can_end_administrator",
        "of another one",
        lambda world, user: rules.check_can_end_administrator(user, of=world.user("second")),
        FOR_ADMINISTRATOR,
    ),
    (
        "check_can_look_after_people",
        "",
        lambda _world, user: rules.check_can_look_after_people(user),
        refuse_all_but(needs_role(Role.COORDINATOR), "coordinator", "administrator"),
    ),
    (
        "check_can_change_organisation",
        "their own",
        lambda world, user: rules.check_can_change_organisation(user, organisation=world.ours),
        refuse_all_but(needs_role(Role.COORDINATOR), "coordinator", "administrator")
        | {"resident": NOT_IN_ORGANISATION},
    ),
    (
        "check_can_change_organisation",
        "another",
        lambda world, user: rules.check_can_change_organisation(user, organisation=world.theirs),
        refuse_all_but(NOT_IN_ORGANISATION, "administrator")
        | {"worker": needs_role(Role.COORDINATOR)},
    ),
    *(
        (
            name,
            f"{role.value}, own organisation",
            # Bound now: each row asks for its own role.
            lambda world, user, check=check, role=role: check(
                user, organisation=world.ours, role=role
            ),
            refuse_all_but(needs_role(Role.COORDINATOR), "administrator")
            | {
                "resident": NOT_IN_ORGANISATION,
                "coordinator": ALLOWED if role in GIVEN_BY_COORDINATORS else ADMINISTRATOR_ONLY,
            },
        )
        for name, check in (
            ("check_can_invite", rules.check_can_invite),
            ("check_can_end_role", rules.check_can_end_role),
        )
        for role in Role
    ),
    (
        "check_can_invite",
        "to another organisation",
        lambda world, user: rules.check_can_invite(
            user, organisation=world.theirs, role=Role.MEMBER
        ),
        refuse_all_but(NOT_IN_ORGANISATION, "administrator")
        | {"worker": needs_role(Role.COORDINATOR)},
    ),
    (
        "check_can_help_to_sign_in",
        "somebody else",
        lambda world, user: rules.check_can_help_to_sign_in(user, whom=world.user("second")),
        FOR_ADMINISTRATOR,
    ),
    (
        "check_can_help_to_sign_in",
        "oneself",
        lambda _world, user: rules.check_can_help_to_sign_in(
            user, whom=rules.check_signed_in(user)
        ),
        FOR_ADMINISTRATOR | {"administrator": NOT_YOURSELF},
    ),
    (
        "check_can_be_erased",
        "oneself, with another administrator there",
        lambda _world, user: rules.check_can_be_erased(rules.check_signed_in(user)),
        refuse_all_but(SIGN_IN_FIRST, *SIGNED_IN),
    ),
    (
        "check_can_handle_data_of",
        "somebody else's",
        lambda world, user: rules.check_can_handle_data_of(
            rules.check_signed_in(user), person=world.stranger
        ),
        FOR_ADMINISTRATOR,
    ),
    (
        "check_can_handle_data_of",
        "one's own",
        lambda _world, user: rules.check_can_handle_data_of(
            rules.check_signed_in(user), person=rules.check_signed_in(user)
        ),
        refuse_all_but(SIGN_IN_FIRST, *SIGNED_IN),
    ),
]


@pytest.mark.parametrize(
    ("ask", "who", "expected"),
    [
        pytest.param(ask, who, expected, id=f"{name}-{situation}-{who}")
        for name, situation, ask, table in TABLE
        for who, expected in table.items()
    ],
)
def test_table(world: World, ask: Ask, who: str, expected: object) -> None:
    if expected is ALLOWED:
        ask(world, world.people[who])
        return
    with pytest.raises(Refused) as caught:
        ask(world, world.people[who])
    assert str(caught.value) == str(caught.value.reason) == str(expected)


def test_the_table_names_everybody_and_every_rule() -> None:
    checks = {
        name
        for name, thing in inspect.getmembers(rules, inspect.isfunction)
        if name.startswith("check_") and thing.__module__ == rules.__name__
    }
    assert {name for name, _situation, _ask, _table in TABLE} == checks
    assert all(set(table) == set(EVERYBODY) for _name, _situation, _ask, table in TABLE)


def test_asking_answers_as_checking_does(world: World) -> None:
    for who, user in world.people.items():
        assert rules.can_administer(user) is (who in {"administrator", "second"})
        assert rules.can_read_audit(user) is (who in {"administrator", "second"})
        assert rules.is_signed_in(user) is (who not in {"nobody", "closed"})
        assert rules.can_act_as(user, Role.WORKER, organisation=world.ours) is (who == "worker")
        assert rules.has_role(user, Role.MEMBER, organisation=world.theirs) is (who == "worker")


def test_the_first_administrator_may_take_a_role_and_the_last_one_stays(db: None) -> None:
    only = UserFactory.create(is_administrator=True)
    assert rules.check_can_give_roles(only, to=only) == only
    with pytest.raises(Refused) as caught:
        rules.check_can_end_administrator(only, of=only)
    assert caught.value.reason is LAST_ADMINISTRATOR


def test_a_contributor_handles_its_own_data_and_no_other(world: World) -> None:
    own = ContributorFactory.create(user=world.user("resident"))
    rules.check_can_handle_data_of(own, person=own)
    rules.check_can_handle_data_of(world.user("resident"), person=own)
    with pytest.raises(Refused) as caught:
        rules.check_can_handle_data_of(own, person=world.stranger)
    assert caught.value.reason is ONLY_YOUR_OWN
