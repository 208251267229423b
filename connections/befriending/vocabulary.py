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
    HELD = "held", _("Held for them")
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


class ConcernSource(models.TextChoices):
    """Who raised it: somebody of the service, or a resident through the worry page."""

    SERVICE = "service", _("Somebody in the service")
    RESIDENT = "resident", _("A resident")


class ConcernStepKind(models.TextChoices):
    NOTE = "note", _("Note")
    PASSED_ON = "passed_on", _("Passed on")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Opened again")


class Side(models.TextChoices):
    """The two sides of a pairing."""

    PARTICIPANT = "participant", _("Participant")
    VOLUNTEER = "volunteer", _("Volunteer")


class AskedBy(models.TextChoices):
    """Who wished to pause or to stop. Why is never asked."""

    PARTICIPANT = "participant", _("Participant")
    VOLUNTEER = "volunteer", _("Volunteer")
    SERVICE = "service", _("The service")


class ReferenceState(models.TextChoices):
    ASKED = "asked", _("Asked")
    GOOD = "good", _("Vouches for them")
    NOT_GOOD = "not_good", _("Does not vouch for them")


class ExpenseKind(models.TextChoices):
    TRAVEL = "travel", _("Bus, train or taxi")
    MILEAGE = "mileage", _("Own car")
    CUPPA = "cuppa", _("A cuppa or food")
    ENTRY = "entry", _("An entry fee")
    OTHER = "other", _("Something else")


class ExpenseState(models.TextChoices):
    CLAIMED = "claimed", _("Waiting")
    APPROVED = "approved", _("Approved")
    PAID = "paid", _("Paid")
    REFUSED = "refused", _("Refused")


class CaseImportState(models.TextChoices):
    LOOKED_AT = "looked_at", _("Looked at, nothing taken over yet")
    DONE = "done", _("Taken over")
    UNDONE = "undone", _("Taken back")
    DROPPED = "dropped", _("Left")


class NoticeKind(models.TextChoices):
    """What a mail may be about. It holds a link and no personal detail."""

    WORRY = "worry", _("A worry was raised")
    VISIT = "visit", _("A visit has not ended")
    EXPIRY = "expiry", _("A check runs out")
    REVIEW = "review", _("A review is due")
    MISSED = "missed", _("A meeting didn't happen twice")
    WISH = "wish", _("Somebody wants to pause or stop")
    DIGEST = "digest", _("The week")


class RunState(models.TextChoices):
    QUEUED = "queued", _("Waiting to start")
    RUNNING = "running", _("Working")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Not possible")
    CANCELLED = "cancelled", _("Stopped")


class Constraint(models.TextChoices):
    """What keeps two people from being paired; the codes are those of matching.Obstacle."""

    EXCLUDED = "excluded", _("decided against before")
    CHECK = "check", _("no valid check, references or training")
    AREA = "area", _("no area given")
    LANGUAGE = "language", _("no shared language")
    GENDER = "gender", _("a wish about who to meet")
    HOURS = "hours", _("no shared free hour")
    TRAVEL = "travel", _("too far to travel")
    EXPERIENCE = "experience", _("needs an experienced volunteer")
    TAKEN = "taken", _("everybody suitable is taken")
