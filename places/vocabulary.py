"""The lists behind the register of places: codes never change, labels are translated."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlaceKind(models.TextChoices):
    """The kinds of third space: anywhere people meet on their own terms."""

    SUPERMARKET = "supermarket", _("Supermarket")
    LOCAL_SHOP = "local_shop", _("Local shop")
    POST_OFFICE = "post_office", _("Post office")
    CAFE = "cafe", _("Café")
    TAKEAWAY = "takeaway", _("Takeaway or fast food")
    PUB = "pub", _("Pub or bar")
    SOCIAL_CLUB = "social_club", _("Social club")
    HAIRDRESSER = "hairdresser", _("Hairdresser or barber")
    LAUNDERETTE = "launderette", _("Launderette")
    CHARITY_SHOP = "charity_shop", _("Charity shop")
    SHOPPING_CENTRE = "shopping_centre", _("Shopping centre")
    MARKET = "market", _("Market")
    LIBRARY = "library", _("Library")
    COMMUNITY_CENTRE = "community_centre", _("Community centre")
    WORSHIP = "worship", _("Place of worship")
    COMMUNITY_MEAL = "community_meal", _("Community meal or food bank")
    SCHOOL_GATE = "school_gate", _("School gate or nursery")
    HEALTH = "health", _("Health")
    PARK = "park", _("Park or garden")
    ALLOTMENT = "allotment", _("Allotment or community garden")
    PLAYGROUND = "playground", _("Playground")
    SPORT = "sport", _("Sport")
    ARTS = "arts", _("Arts and culture")
    BENCH = "bench", _("Bench, stop or square")


# A moment logged at one of these keeps its area only: the place would say too much of a person.
SENSITIVE_KINDS = frozenset({PlaceKind.WORSHIP, PlaceKind.COMMUNITY_MEAL, PlaceKind.HEALTH})


class CostToStay(models.TextChoices):
    """What it costs to stay a while."""

    FREE = "free", _("Free")
    NOBODY_MINDS = "nobody_minds", _("Nobody minds if you don't buy")
    SMALL_PURCHASE = "small_purchase", _("A small purchase")
    ENTRY_FEE = "entry_fee", _("Entry fee")
    MEMBERS = "members", _("Members only")
    UNKNOWN = "unknown", _("Not known")


# A supermarket café where nobody minds is a third space.
FREE_TO_STAY = (CostToStay.FREE, CostToStay.NOBODY_MINDS)


class PlaceState(models.TextChoices):
    """Where a place stands in the register."""

    SUGGESTED = "suggested", _("Suggested")
    VERIFIED = "verified", _("Checked")
    STALE = "stale", _("Not checked for six months")
    CLOSED = "closed", _("Closed for good")
    HIDDEN = "hidden", _("Hidden")


class HideReason(models.TextChoices):
    """Why somebody took a place from everybody's sight; the audit keeps the code."""

    NOT_A_PLACE = "not_a_place", _("Not a place where people meet")
    DUPLICATE = "duplicate", _("In the register twice")
    PRIVATE = "private", _("A private place, or somebody's home")
    UNSAFE = "unsafe", _("Not safe to send people to")
    ASKED = "asked", _("Whoever runs it asked for it")
    OTHER = "other", _("Something else")


class WelcomeAttribute(models.TextChoices):
    """What makes a place welcoming."""

    NOT_MOVED_ON = "not_moved_on", _("Nobody moves you on")
    NO_SIGN_UP = "no_sign_up", _("No sign-up, ID or proof")
    GREETED = "greeted", _("Someone greets you")
    FINE_ALONE = "fine_alone", _("Fine to come alone")
    FINE_NOT_TO_TALK = "fine_not_to_talk", _("Fine not to talk")
    QUIET_TIMES = "quiet_times", _("Quiet times")
    SEATS_WITH_BACKS = "seats_with_backs", _("Seats with backs")
    TOILET = "toilet", _("Toilet")
    ACCESSIBLE_TOILET = "accessible_toilet", _("Accessible toilet")
    STEP_FREE = "step_free", _("Step-free")
    WARM = "warm", _("Warm")
    LIT_WAY = "lit_way", _("Lit way there")
    HEARING_LOOP = "hearing_loop", _("Hearing loop")
    BUS_NEAR = "bus_near", _("Bus near")
    FOOD = "food", _("Food")
    WATER = "water", _("Drinking water")
    CHARGING = "charging", _("Phone charging")
    WIFI = "wifi", _("Wi-fi")
    CHILDREN = "children", _("Children welcome")
    TEENAGERS = "teenagers", _("Teenagers welcome")
    DOGS = "dogs", _("Dogs welcome")
    ALCOHOL_FREE = "alcohol_free", _("Alcohol-free")
    SAME_TIME_WEEKLY = "same_time_weekly", _("Same time each week")


class Answer(models.TextChoices):
    """Yes, no or not known; a skipped question is never a No."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNKNOWN = "unknown", _("Not known")


class AreaLevel(models.TextChoices):
    """The nested official levels, and the communities that people name between them."""

    ZONE = "zone", _("Data zone")
    INTERMEDIATE = "intermediate", _("Neighbourhood")
    COMMUNITY = "community", _("Community")
    COUNCIL = "council", _("Council area")
    COUNTRY = "country", _("Country")


class CompanyWay(models.TextChoices):
    """Whether somebody asks for company or offers it; both are as good."""

    ASK = "ask", _("I would like company")
    OFFER = "offer", _("I can be company")


class CompanyThing(models.TextChoices):
    """What two people who do not know each other may do together where others are about."""

    CHAT = "chat", _("A cuppa and a chat")
    QUIET = "quiet", _("Sit together, no need to talk")
    GAME = "game", _("A game")
    MAKE = "make", _("Knit, mend or make something")
    GO_IN = "go_in", _("Go in together")
