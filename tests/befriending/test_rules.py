"""Role × action → allowed, or the reason; and the database's policies answer the same."""

import pytest
from django.contrib.auth.models import AnonymousUser

from connections.befriending import rules
from connections.befriending.models import Concern, Participant
from connections.befriending.rules import STAFF
from kinder.accounts.acting import acting
from kinder.accounts.models import Role, User
from kinder.accounts.rules import (
    ADMINISTRATOR_ONLY,
    NOT_IN_ORGANISATION,
    SIGN_IN_FIRST,
    Actor,
    Refused,
    needs_role,
)
from tests.factories import AreaFactory
from tests.factories.accounts import make_member, make_user
from tests.factories.befriending import Story, make_story

pytestmark = pytest.mark.django_db
ALLOWED = None

# Who: (keep services, run the service, read its concerns).
TABLE: dict[str, tuple[object, object, object]] = {
    "nobody": (SIGN_IN_FIRST, SIGN_IN_FIRST, SIGN_IN_FIRST),
    "resident": (ADMINISTRATOR_ONLY, NOT_IN_ORGANISATION, NOT_IN_ORGANISATION),
    "administrator": (ALLOWED, NOT_IN_ORGANISATION, NOT_IN_ORGANISATION),
    "volunteer": (ADMINISTRATOR_ONLY, NOT_IN_ORGANISATION, NOT_IN_ORGANISATION),
    "another's lead": (ADMINISTRATOR_ONLY, NOT_IN_ORGANISATION, NOT_IN_ORGANISATION),
    "worker": (ADMINISTRATOR_ONLY, needs_role(*STAFF), needs_role(Role.LEAD)),
    "funder": (ADMINISTRATOR_ONLY, needs_role(*STAFF), needs_role(Role.LEAD)),
    "member": (ADMINISTRATOR_ONLY, needs_role(*STAFF), needs_role(Role.LEAD)),
    "coordinator": (ADMINISTRATOR_ONLY, ALLOWED, needs_role(Role.LEAD)),
    "lead": (ADMINISTRATOR_ONLY, ALLOWED, ALLOWED),
}


def find_person(who: str, story: Story) -> Actor:
    match who:
        case "nobody":
            return AnonymousUser()
        case "resident":
            return make_user()
        case "administrator":
            return make_user(is_administrator=True)
        case "volunteer":
            return story.volunteer_user
        case "another's lead":
            return make_member(Role.LEAD)
        case _:
            return make_member(Role(who), story.organisation)


def test_the_table_holds_every_role() -> None:
    assert set(Role) <= set(TABLE)


@pytest.mark.parametrize("who", TABLE)
def test_table(who: str) -> None:
    story = make_story(AreaFactory.create())
    user = find_person(who, story)
    keep, run, read = TABLE[who]

    def reason(check: object, **arguments: object) -> object:
        try:
            check(user, **arguments)  # type: ignore[operator]
        except Refused as refused:
            return refused.reason
        return ALLOWED

    assert str(reason(rules.check_can_keep_services)) == str(keep)
    assert str(reason(rules.check_can_run, service=story.service)) == str(run)
    assert str(reason(rules.check_can_read_concerns, service=story.service)) == str(read)
    assert rules.can_run(user, service=story.service) is (run is ALLOWED)
    assert rules.can_read_concerns(user, service=story.service) is (read is ALLOWED)
    if isinstance(user, User):
        with acting(user=user):
            assert Participant.objects.exists() is (run is ALLOWED)
            assert Concern.objects.exists() is (read is ALLOWED)
