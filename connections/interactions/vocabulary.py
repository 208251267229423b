"""The lists behind the log: codes never change, labels are translated."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Direction(models.TextChoices):
    """Receiving and noticing have the same dignity as giving; noticed never counts as given."""

    RECEIVED = "received", _("Someone was kind to me")
    GAVE = "gave", _("I did something")
    NOTICED = "noticed", _("I saw something")


class MomentKind(models.TextChoices):
    """What it was; neutral as to direction."""

    HELLO = "hello", _("A hello, a smile, a “how are you?”")
    CHAT = "chat", _("A chat or a listening ear")
    HELP = "help", _("A helping hand")
    FOOD = "food", _("Food or a cuppa together")
    CHECKING_IN = "checking_in", _("Checking in on someone")
    LENT = "lent", _("Something lent or given")
    COMPANY = "company", _("Company, or being made welcome")
    OTHER = "other", _("Something else")


class Tie(models.TextChoices):
    """Who the other person was. There is no "befriender": it would expose."""

    NEIGHBOUR = "neighbour", _("A neighbour")
    FRIEND_OR_FAMILY = "friend_or_family", _("A friend or family")
    BY_SIGHT = "by_sight", _("Someone I know by sight")
    NEW = "new", _("Someone new to me")
    AT_WORK = "at_work", _("Someone at their work")
    GROUP = "group", _("Someone from a group, class, job or faith")


class YesNoUnsure(models.TextChoices):
    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNSURE = "unsure", _("Not sure")


class AtWork(models.TextChoices):
    """Whether somebody was at work, and went beyond their role."""

    NO = "no", _("No")
    YES = "yes", _("Yes")
    MORE = "more", _("Yes, and did more than the job asks")
    UNSURE = "unsure", _("Not sure")


class Hardness(models.TextChoices):
    EASY = "easy", _("Easy")
    BIT_HARD = "bit_hard", _("A bit hard")
    HARD = "hard", _("Hard")


class HardReason(models.TextChoices):
    """Why it was hard. Reported by deprivation, never per person."""

    HOW_TAKEN = "how_taken", _("Worried how they'd take it")
    NOT_INVOLVED = "not_involved", _("Didn't want to get too involved")
    UNSAFE = "unsafe", _("Didn't feel safe")
    MONEY = "money", _("Money was tight")
    NO_TIME = "no_time", _("No time or energy")
    HEALTH = "health", _("Health or caring")
    NOWHERE = "nowhere", _("Nowhere to be, or couldn't get there")
    LANGUAGE = "language", _("No shared language")
    NOT_FOR_ME = "not_for_me", _("Felt it wasn't for people like me")
    RULES = "rules", _("Rules at work or in the group")
    HARD_TO_ASK = "hard_to_ask", _("Hard to ask or accept")
    TRUST = "trust", _("Hard to trust people")
    OTHER = "other", _("Something else")
    RATHER_NOT_SAY = "rather_not_say", _("Rather not say")


class PartOfDay(models.TextChoices):
    """Never taken from the time of arrival; a night belongs to the date on which it began."""

    MORNING = "morning", _("Morning (5 to 12)")
    AFTERNOON = "afternoon", _("Afternoon (12 to 6)")
    EVENING = "evening", _("Evening (6 to 10)")
    NIGHT = "night", _("Night (10 to 5)")


class Setting(models.TextChoices):
    """Where it happened. All but the first keep the area only: a close is nearly an address."""

    PLACE = "place", _("At a place")
    STREET = "street", _("In the street")
    TRANSPORT = "transport", _("On a bus or train")
    STAIRWELL = "stairwell", _("In a close, lift or stairwell")
    DOOR = "door", _("At someone's door")
    REMOTE = "remote", _("By phone or online")
