"""WHAT HAPPENED in befriending, from referral to a good ending, in the words of the practice.

Every table here but Service is under FORCE ROW LEVEL SECURITY (migrations 0002 and 0004): the
service's own people see its rows, concerns only its safeguarding leads, and nobody where nothing
is set.
"""

from connections.befriending.models.concerns import Concern, ConcernStep
from connections.befriending.models.matching import MatchingRun, Suggestion, Unmatched
from connections.befriending.models.outcomes import ScaleAnswer, UploadedScale
from connections.befriending.models.pairings import (
    Agreement,
    AgreementSignature,
    Arrangement,
    Ending,
    Match,
    Meeting,
    Pause,
    Review,
    Visit,
)
from connections.befriending.models.people import (
    Check,
    Expense,
    Participant,
    Person,
    Reference,
    Supervision,
    Training,
    Volunteer,
)
from connections.befriending.models.referrals import Assessment, CaseImport, Referral
from connections.befriending.models.services import MatchingWeights, Notice, Service

__all__ = [
    "Agreement",
    "AgreementSignature",
    "Arrangement",
    "Assessment",
    "CaseImport",
    "Check",
    "Concern",
    "ConcernStep",
    "Ending",
    "Expense",
    "Match",
    "MatchingRun",
    "MatchingWeights",
    "Meeting",
    "Notice",
    "Participant",
    "Pause",
    "Person",
    "Reference",
    "Referral",
    "Review",
    "ScaleAnswer",
    "Service",
    "Suggestion",
    "Supervision",
    "Training",
    "Unmatched",
    "UploadedScale",
    "Visit",
    "Volunteer",
]
