"""What a community tells of itself on its page: voices, its own questions, its coming day."""

from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _

from connections.indicators.picture import Shown, read_picture
from connections.interactions.asking.questions import list_measures_of
from connections.interactions.asking.rules import MEASURE_LEVELS, can_propose, can_work_there
from connections.interactions.asking.together import find_next_day
from connections.interactions.models import Measure, OrdinaryDay
from connections.interactions.pins import PIN_LEVELS
from connections.interactions.voices.reading import Said, Told, read_heard, read_stories
from connections.interactions.voices.rules import VOICE_LEVELS, can_tell_heard
from kinder.accounts.models import User
from places.models import Area
from places.vocabulary import AreaLevel

HEARD_SHOWN = 6
STORIES_SHOWN = 4
MEASURES_SHOWN = 6


@dataclass(frozen=True)
class Deed:
    """Something that this reader may do for the community, because they work there."""

    label: str
    url: str


@dataclass(frozen=True)
class Community:
    """A community's own words; each part may be empty."""

    heard: list[Said]
    stories: list[Told]
    asked: list[Measure]
    proposed: list[Measure]
    day: OrdinaryDay | None
    picture: Shown | None = None
    deeds: list[Deed] = field(default_factory=list)

    @property
    def done(self) -> list[Said]:
        """What was heard and has been answered by a deed."""
        return [one for one in self.heard if one.done]


def gather_community(area: Area, user: User | AnonymousUser) -> Community:
    """Gather what `area` tells of itself to everybody, and what `user` may do there."""
    has_questions = area.level in MEASURE_LEVELS
    measures = list_measures_of(area) if has_questions else []
    return Community(
        heard=read_heard(area, most=HEARD_SHOWN),
        stories=read_stories(area, most=STORIES_SHOWN),
        asked=[one for one in measures if one.state == Measure.State.OPEN][:MEASURES_SHOWN],
        proposed=[one for one in measures if one.state == Measure.State.PROPOSED][:MEASURES_SHOWN],
        day=find_next_day(area) if area.level == AreaLevel.COMMUNITY else None,
        picture=read_picture(area) if area.level == AreaLevel.COMMUNITY else None,
        deeds=_list_deeds(area, user),
    )


def _list_deeds(area: Area, user: User | AnonymousUser) -> list[Deed]:
    if not isinstance(user, User):
        return []
    deeds = []
    if area.level in VOICE_LEVELS and can_tell_heard(user, area=area):
        deeds.append(
            Deed(_("Tell what you heard"), reverse("interactions:heard", args=[area.code]))
        )
    if user.is_administrator or can_propose(user, area=area):
        url = reverse("interactions:measures", args=[area.code])
        deeds += [Deed(_("Own questions"), url)] if area.level in MEASURE_LEVELS else []
    if can_work_there(user, area=area):
        if area.level == AreaLevel.COMMUNITY:
            url = reverse("interactions:ordinary_day", args=[area.code])
            deeds.append(Deed(_("Our Ordinary Day"), url))
        if area.level in PIN_LEVELS:
            url = reverse("interactions:pins", args=[area.code])
            deeds.append(Deed(_("Places to put first"), url))
        deeds.append(Deed(_("Window cards"), reverse("pages:thanks", args=[area.code])))
    return deeds
