"""The deeds of befriending. Each asks the rules, is one transaction, and writes its audit."""

from connections.befriending.actions.concerns import (
    MOST_WORDS,
    NobodyOnDutyError,
    raise_concern,
    report_worry,
)
from connections.befriending.actions.services import add_service, change_service

__all__ = [
    "MOST_WORDS",
    "NobodyOnDutyError",
    "add_service",
    "change_service",
    "raise_concern",
    "report_worry",
]
