"""WHAT HAPPENED: moments, prompts, the community's own measures, what was heard."""

from connections.interactions.models.community import Heard, Response, Story
from connections.interactions.models.moment import (
    SHARDS,
    DeletedMoment,
    Difficulty,
    DirtyMark,
    HomeArea,
    Interaction,
    Note,
)
from connections.interactions.models.prompt import (
    Measure,
    MeasureAnswer,
    Prompt,
    PromptAnswer,
    PromptEnrolment,
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
    "Note",
    "Prompt",
    "PromptAnswer",
    "PromptEnrolment",
    "Response",
    "Story",
]
