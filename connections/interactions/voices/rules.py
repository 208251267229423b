"""Who may write, look at and publish what a community hears of itself."""

from django.utils.translation import gettext_lazy as _

from connections.interactions.asking.rules import WORKING, check_works_there
from connections.interactions.models import Heard, Story
from kinder.accounts.models import Organisation, User
from kinder.accounts.rules import Actor, Refused, check_role
from places.models import Area
from places.vocabulary import AreaLevel

VOICE_LEVELS = (AreaLevel.COMMUNITY, AreaLevel.COUNCIL)
FROM_THREE = _("Write only what you heard from three people or more, each by themselves.")
NOT_YOUR_ORGANISATION = _("You can only speak for an organisation that you work for.")
MOVED_ON = _("This story has moved on in the meantime. Please look at it again.")
NEEDS_ANOTHER = _("Two people publish a story: somebody else has to sign it too.")
NOT_APPROVED = _("Its author has not said yes to this wording yet.")
NEEDS_WORDS = _("A story needs words.")
UNCHANGED = _("These are the words it has already.")
STORY_TOO_MANY = _("You have five stories waiting or shared. Take one back first, please.")
MOST_STORIES = 5


def check_can_moderate(user: Actor) -> User:
    """Stories and thanks are looked at by community workers and the administrator."""
    return check_role(user, *WORKING, or_administrator=True)


def check_can_tell_heard(user: Actor, *, area: Area) -> User:
    """What was heard is signed by somebody who works there."""
    return check_works_there(user, area=area)


def can_tell_heard(user: Actor, *, area: Area) -> bool:
    try:
        check_can_tell_heard(user, area=area)
    except Refused:
        return False
    return True


def check_can_answer_heard(user: Actor, *, heard: Heard, organisation: Organisation | None) -> User:
    """What was done is told by who works there, for an organisation of theirs or for none."""
    found = check_works_there(user, area=heard.area)
    if organisation is None or found.is_administrator:
        return found
    if not found.memberships.filter(organisation=organisation, role__in=WORKING).exists():
        raise Refused(NOT_YOUR_ORGANISATION)
    return found


def is_approved(story: Story) -> bool:
    """Whether the author said yes to the wording as it stands."""
    return story.approved_at is not None and story.state in (
        Story.State.OFFERED,
        Story.State.APPROVED,
    )


def check_can_sign(user: Actor, *, story: Story) -> User:
    found = check_can_moderate(user)
    if story.state == Story.State.EDITED:
        raise Refused(NOT_APPROVED)
    if not is_approved(story) or story.second_signed_by_id is not None:
        raise Refused(MOVED_ON)
    if story.first_signed_by_id == found.pk:
        raise Refused(NEEDS_ANOTHER)
    return found
