"""WHAT HAPPENED: moments, prompts, the community's own measures, what was heard."""

from connections.interactions.models.community import (
    Heard,
    PinnedPlace,
    Response,
    Story,
    Thank,
)
from connections.interactions.models.moment import (
    SHARDS,
    DeletedMoment,
    Difficulty,
    DirtyMark,
    HomeArea,
    Interaction,
    Note,
)
from connections.interactions.models.ordinary_day import OrdinaryDay, OrdinaryDayCard
from connections.interactions.models.prompt import (
    Measure,
    MeasureAnswer,
    MeasureComment,
    Prompt,
    PromptAnswer,
    PromptAsked,
    PromptEnrolment,
    PromptMail,
)

__all__ = [
    "SHARDS",
    "DeletedMoment",
    "Difficulty",
    "DirtyMark",
    "Heard",
    "HomeArea",
    "Interaction",
    "Measure",
    "MeasureAnswer",
    "MeasureComment",
    "Note",
    "OrdinaryDay",
    "OrdinaryDayCard",
    "PinnedPlace",
    "Prompt",
    "PromptAnswer",
    "PromptAsked",
    "PromptEnrolment",
    "PromptMail",
    "Response",
    "Story",
    "Thank",
]
