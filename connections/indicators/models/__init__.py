"""WHAT IT ADDS UP TO: contributor months, the frozen quarter, ungated components, releases.

Only connections.indicators.publish reads Component; only Figure and Picture ever leave this room.
"""

from connections.indicators.models.people import (
    AnswerMonth,
    ContributorMonth,
    Quarter,
    QuarterContributor,
    QuarterOutcome,
    QuarterReferral,
)
from connections.indicators.models.picture import Picture, PictureVote
from connections.indicators.models.releases import (
    AbuseAlert,
    CadencePlan,
    Component,
    Figure,
    Release,
    ReleaseShard,
)

__all__ = [
    "AbuseAlert",
    "AnswerMonth",
    "CadencePlan",
    "Component",
    "ContributorMonth",
    "Figure",
    "Picture",
    "PictureVote",
    "Quarter",
    "QuarterContributor",
    "QuarterOutcome",
    "QuarterReferral",
    "Release",
    "ReleaseShard",
]
