"""What moments tell: composition and change within an area, never a level of kindness."""

from django.utils.translation import gettext_lazy as _

from connections.indicators.definitions import leading
from connections.indicators.definitions.indicator import (
    Compare,
    Direction,
    Indicator,
    Interval,
    Unit,
)
from connections.indicators.disclosure import K_MIN, Kind

_DIARY = _(
    "People log when they like. So this says nothing about how much kindness there is, and it "
    "must not be used to rank areas."
)
_ANSWERED = _("Of the people taking part, how many answered")

LOGS = (
    Indicator(
        code="A1",
        slug="taking-part",
        name=leading.TAKING_PART,
        question=_("How far can we trust what this area's figures say?"),
        formula=_(
            "People taking part, divided by residents aged 16 or more, times 1,000. Someone "
            "takes part in a quarter when they first came at least 14 days before its end and "
            "added moments or answers on 2 or more days of it."
        ),
        unit=Unit.PER_1000_ADULTS,
        kind=Kind.RATE,
        interval=Interval.BYAR,
        base=K_MIN,
        direction=Direction.NONE,
        compare=Compare.AREAS,
        caveat=_(
            "This measures use of Kinder, not kindness. Two phones that nobody linked count as "
            "two people."
        ),
        cannot_tell=_("Whether people here are kinder than elsewhere, or who does not take part."),
        reading=leading.TAKING_PART_SAID,
    ),
    Indicator(
        code="A3",
        slug="two-way",
        name=leading.TWO_WAY,
        question=_("Do the same people both give and receive?"),
        formula=_(
            "People who logged at least one act given and at least one received, divided by all "
            "people taking part who logged any."
        ),
        unit=Unit.PERCENT,
        kind=Kind.PROPORTION,
        interval=Interval.WILSON,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.UP,
        caveat=_(
            "People remember what they gave better than what they received. Only change within "
            "one area over time means something."
        ),
        cannot_tell=_DIARY,
        reading=leading.TWO_WAY_SAID,
        within="A1",
    ),
    Indicator(
        code="A3.index",
        slug="two-way-balance",
        name=_("Balance of giving and receiving"),
        question=_("How evenly do people give and receive?"),
        formula=_(
            "For each person with 3 or more acts given or received: 1 − |given − received| ÷ "
            "(given + received); then the mean over people."
        ),
        unit=Unit.INDEX,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=1,
        direction=Direction.UP,
        caveat=_(
            "People remember what they gave better than what they received. Only change within "
            "one area over time means something."
        ),
        cannot_tell=_DIARY,
        coverage=_ANSWERED,
        reading=_(
            "In {area} the balance is {value}: 1 would mean that everyone gave as often as they "
            "received, 0 that everyone did only one of the two."
        ),
        within="A1",
    ),
    Indicator(
        code="B1",
        slug="bridging",
        name=_("Bridging"),
        question=_("Does kindness reach across age, background and language?"),
        formula=_(
            "For each person, the share of their answered moments that were with someone they "
            "might not usually mix with; then the mean over people."
        ),
        unit=Unit.PERCENT,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.UP,
        caveat=_(
            "The question is optional: look at how many answered. The figure also depends on who "
            "lives here."
        ),
        cannot_tell=_DIARY,
        coverage=_ANSWERED,
        reading=_(
            "For people in {area}, {tenths} of the moments they told us about were with someone "
            "they might not usually mix with."
        ),
        within="A1",
    ),
    Indicator(
        code="B2",
        slug="beyond-organisations",
        name=_("Beyond organisations"),
        question=_("How much of this happens outside jobs, groups and services?"),
        formula=_(
            "For each person, the share of their answered moments that were neither somebody's "
            "job nor came about through an organisation; then the mean over people."
        ),
        unit=Unit.PERCENT,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.NONE,
        caveat=_(
            "Where organisations invite people to log, organised moments are over-counted. The "
            "question is optional: look at how many answered."
        ),
        cannot_tell=_DIARY,
        coverage=_ANSWERED,
        reading=_(
            "For people in {area}, {tenths} of the moments they told us about had no "
            "organisation and nobody's job behind them."
        ),
        within="A1",
    ),
    *(
        Indicator(
            code=code,
            slug=slug,
            name=name,
            question=question,
            formula=formula,
            unit=Unit.PERCENT,
            kind=Kind.MEAN,
            interval=Interval.T,
            base=30,
            lowest=0,
            highest=100,
            direction=Direction.NONE,
            caveat=_(
                "Where organisations invite people to log, organised moments are over-counted. The "
                "question is optional: look at how many answered."
            ),
            cannot_tell=_DIARY,
            coverage=_ANSWERED,
            reading=reading,
            within="A1",
            # They and B2 add up to 100.
            part_of="B2",
        )
        for code, slug, name, question, formula, reading in (
            (
                "B2.role",
                "beyond-organisations-at-work",
                _("Beyond organisations: somebody's job"),
                _("How much of this is somebody's job?"),
                _(
                    "For each person, the share of their answered moments in which somebody was at "
                    "work; then the mean over people."
                ),
                _(
                    "For people in {area}, in {tenths} of the moments they told us about somebody "
                    "was at work."
                ),
            ),
            (
                "B2.hosted",
                "beyond-organisations-hosted",
                _("Beyond organisations: through one"),
                _("How much of this comes about through an organisation, without being a job?"),
                _(
                    "For each person, the share of their answered moments that came about through "
                    "an organisation while nobody was at work; then the mean over people."
                ),
                _(
                    "For people in {area}, {tenths} of the moments they told us about came about "
                    "through an organisation."
                ),
            ),
        )
    ),
    Indicator(
        code="B3",
        slug="variety-of-ties",
        name=_("Variety of ties"),
        question=_("With how many different sorts of people do these moments happen?"),
        formula=_(
            "For each person, the shares of neighbours, friends or family, people known by sight, "
            "new people, people at their work, and people from a group; p is their mean over "
            "people; then exp(−Σ p ln p), from 1 to 6."
        ),
        unit=Unit.EFFECTIVE_NUMBER,
        kind=Kind.INDEX,
        interval=Interval.BOOTSTRAP,
        base=50,
        lowest=1,
        highest=6,
        direction=Direction.UP,
        caveat=_(
            "With few people the number comes out too low: compare like with like. The question "
            "is optional: look at how many answered."
        ),
        cannot_tell=_DIARY,
        coverage=_ANSWERED,
        reading=_(
            "People in {area} share these moments with as much variety as {value} equally common "
            "sorts of people."
        ),
        within="A1",
    ),
    Indicator(
        code="C4",
        slug="kindness-in-third-spaces",
        name=_("Kindness in third spaces"),
        question=_("How much of this happens in places to meet?"),
        formula=_(
            "For each person, the share of their moments that happened at a place of the "
            "register; then the mean over people."
        ),
        unit=Unit.PERCENT,
        kind=Kind.MEAN,
        interval=Interval.T,
        base=30,
        lowest=0,
        highest=100,
        direction=Direction.NONE,
        caveat=_(
            "It depends on how many people name the place. At places of worship, health and "
            "community meals the place is never kept, so they count as elsewhere."
        ),
        cannot_tell=_("Anything about a single place: that is never shown."),
        reading=_(
            "For people in {area}, {tenths} of the moments they told us about happened at a "
            "place to meet."
        ),
        within="A1",
    ),
)
