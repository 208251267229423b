"""What waits for moderators from this room: stories to sign, thanks to read."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from connections.interactions.models import Story
from connections.interactions.voices import stories, thanks
from connections.interactions.voices.rules import check_can_moderate
from connections.interactions.voices.words import find_warnings
from kinder.accounts.models import User
from kinder.accounts.moderation import LONGEST, Item, Queue, register


def list_story_items(user: User) -> Sequence[Item]:
    return [_show_story(story) for story in stories.list_waiting(user, most=LONGEST)]


def _show_story(story: Story) -> Item:
    signed = _("Once: one more signature") if story.first_signed_by_id else _("Not yet")
    return Item(
        id=str(story.pk),
        title=_("A story"),
        text=story.text,
        since_at=story.created_at,
        area=story.area.name,
        language=story.language,
        signals=find_warnings(story.text),
        facts=(
            (_("Month"), date_format(story.month_on, "F Y")),
            (_("Signed"), signed),
        ),
        url=reverse("interactions:reword", args=[story.pk]),
        author=story.contributor_id,
    )


def list_thanks_items(_user: User) -> Sequence[Item]:
    return [
        Item(
            id=str(thank.pk),
            title=thank.place.name,
            text=thank.text,
            since_at=thank.created_at,
            area=thank.place.area.name if thank.place.area else "",
            language=thank.language,
            signals=find_warnings(thank.text),
            url=reverse("places:place", args=[thank.place.code]),
            author=thank.contributor_id,
        )
        for thank in thanks.list_waiting(most=LONGEST)
    ]


def register_queues() -> None:
    register(
        Queue(
            name="stories",
            label=_("Stories to sign"),
            check=check_can_moderate,
            waiting=list_story_items,
            decide=stories.decide_stories,
            undo=stories.undo_story,
            accept_label=_("Sign it"),
            refuse_label=_("Do not publish it"),
        )
    )
    register(
        Queue(
            name="thanks",
            label=_("Thanks to places"),
            check=check_can_moderate,
            waiting=list_thanks_items,
            decide=thanks.decide_thanks,
            undo=thanks.undo_thanks,
            accept_label=_("Put it on the card"),
            refuse_label=_("Leave it out"),
        )
    )
