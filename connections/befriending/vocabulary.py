"""The words of befriending practice: codes never change, labels are translated."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReferralSource(models.TextChoices):
    SELF = "self", _("The person")
    FAMILY = "family", _("Family or friend")
    HEALTH = "health", _("Health service")
    SOCIAL_WORK = "social_work", _("Social work")
    ORGANISATION = "organisation", _("Another organisation")
    HOUSING = "housing", _("Housing")


class ReferralState(models.TextChoices):
    """Unsuitable ones are still counted."""

    NEW = "new", _("New")
    ASSESSED = "assessed", _("Assessed")
    WAITING = "waiting", _("Waiting")
    MATCHED = "matched", _("Matched")
    UNSUITABLE = "unsuitable", _("Not suitable")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CLOSED = "closed", _("Closed")


class MatchState(models.TextChoices):
    """Match is "pairing" on pages."""

    PROPOSED = "proposed", _("Suggested")
    INTRODUCED = "introduced", _("Introduced")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    SUSPENDED = "suspended", _("Suspended: something ran out")
    ENDING = "ending", _("Ending")
    ENDED = "ended", _("Ended")
    DECLINED = "declined", _("Decided against")


class CheckScheme(models.TextChoices):
    PVG = "pvg", _("PVG scheme")
    DBS = "dbs", _("DBS check")
    ACCESS_NI = "access_ni", _("AccessNI check")


class CheckDecision(models.TextChoices):
    """Only the decision is kept, never conviction detail."""

    PENDING = "pending", _("Waiting")
    CLEARED = "cleared", _("Cleared for this role")
    REFUSED = "refused", _("Not cleared for this role")


class MeetingOutcome(models.TextChoices):
    MET = "met", _("Met")
    MISSED = "missed", _("Didn't happen")
    PAUSED = "paused", _("Paused")
    CANCELLED = "cancelled", _("Cancelled")


class MeetingMode(models.TextChoices):
    OUT = "out", _("Out and about")
    HOME = "home", _("Home visit")
    PHONE = "phone", _("By phone")
    GROUP = "group", _("In a group")
    ONLINE = "online", _("Online")


class EndingReason(models.TextChoices):
    PLANNED = "planned", _("Agreed time was over")
    GOAL = "goal", _("No longer needed")
    MOVED = "moved", _("Moved away")
    HEALTH = "health", _("Health")
    DIED = "died", _("Died")
    VOLUNTEER_LEFT = "volunteer_left", _("Volunteer left")
    DID_NOT_FIT = "did_not_fit", _("Did not fit")
    RATHER_NOT_SAY = "rather_not_say", _("Rather not say")


class Scale(models.TextChoices):
    """Outcome scales. At most one loneliness scale, never at the first visit."""

    UCLA3 = "ucla3", _("UCLA three-item loneliness scale")
    ONS = "ons", _("ONS direct measure of loneliness")
    DJG6 = "djg6", _("De Jong Gierveld six-item scale")


class ConcernState(models.TextChoices):
    OPEN = "open", _("Open")
    PASSED_ON = "passed_on", _("Passed on")
    CLOSED = "closed", _("Closed")
