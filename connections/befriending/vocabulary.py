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


class ConsentFor(models.TextChoices):
    """What somebody agrees to, as kinder.accounts.consents keeps it. The wordings stand in
    wordings.py."""

    TAKING_PART = "befriending.taking_part", _("Having company")
    VOLUNTEERING = "befriending.volunteering", _("Befriending")
    OUTCOMES = "befriending.outcomes", _("Questions about how you feel")


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


class Gender(models.TextChoices):
    """Asked so that wishes about whom to meet can be kept; skipping it is fine."""

    WOMAN = "woman", _("Woman")
    MAN = "man", _("Man")
    NON_BINARY = "non-binary", _("Non-binary")


# Languages people may share, by their codes; a service hears of another one and it is added here.
SPOKEN = (
    ("en", _("English")),
    ("gd", _("Scottish Gaelic")),
    ("sco", _("Scots")),
    ("bfi", _("British Sign Language")),
    ("ar", _("Arabic")),
    ("bn", _("Bengali")),
    ("zh", _("Chinese")),
    ("fa", _("Farsi")),
    ("fr", _("French")),
    ("de", _("German")),
    ("hi", _("Hindi")),
    ("it", _("Italian")),
    ("ku", _("Kurdish")),
    ("pl", _("Polish")),
    ("pt", _("Portuguese")),
    ("pa", _("Punjabi")),
    ("ro", _("Romanian")),
    ("ru", _("Russian")),
    ("so", _("Somali")),
    ("es", _("Spanish")),
    ("ti", _("Tigrinya")),
    ("tr", _("Turkish")),
    ("uk", _("Ukrainian")),
    ("ur", _("Urdu")),
    ("cy", _("Welsh")),
)

WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)

# The agreement between the two. Names in brackets are filled in by the service.
CLAUSES = (
    _("We meet every [week] for [an hour] until [date]. Then we talk about going on."),
    _(
        "The coordinator comes along the first time, to [public place]. We meet at home only if "
        "both of us and the service agree."
    ),
    _(
        "We reach each other through [service], [hours]. No private numbers, social media or "
        "the volunteer's address."
    ),
    _("Can't come? We tell [coordinator]. No reason is needed."),
    _("No money, loans, bank cards, wills, or gifts beyond a cuppa."),
    _("This is company, not care: no medicines, personal care or lifting."),
    _("What we say stays between us, unless someone may be in danger. Then [lead] is told."),
    _("No photos or posts."),
    _("No lifts, unless insured and agreed."),
    _("Pets, smoking, alcohol, other people there: [ ]."),
    _("No pressing of faith or politics."),
    _("On home visits the volunteer says when they start and end."),
    _("If one of us is away, the coordinator rings within [2 days]."),
    _("The coordinator talks with each of us alone at [4 weeks, 3 months]."),
    _(
        "Either of us may pause or stop without a reason. A pause keeps the place. There is a "
        "last meeting if both wish."
    ),
    _("Notes say only [ ]. We may read them. Complaints go to [ ]."),
)
