"""Words of the demo's befriending services: invented people, the agreement, what people like.

Telephone numbers are those that Ofcom keeps free for drama (01632 960000 to 960999).
"""

GIVEN = (
    "Agnes", "Alasdair", "Amina", "Andrzej", "Bettina", "Brodie", "Catriona", "Chidi", "Daibhidh",
    "Doreen", "Edith", "Ewan", "Farah", "Fiona", "Gordon", "Grace", "Hamish", "Hania", "Ida",
    "Ivor", "Jean", "Jamil", "Kenna", "Kirsty", "Lachlan", "Leila", "Magnus", "Mairi", "Mina",
    "Morven", "Neil", "Nora", "Oksana", "Olive", "Pavel", "Peigi", "Quentin", "Rab", "Rosa",
    "Sorcha", "Stanislaw", "Struan", "Tariq", "Tilda", "Una", "Viktor", "Wilma", "Yusuf", "Zofia",
)  # fmt: skip
FAMILY = (
    "Abara", "Baxendale", "Birnie", "Carnduff", "Cheyne", "Dallas", "Durward", "Eadie", "Fairlie",
    "Fordyce", "Gilchrist", "Gowrie", "Haldane", "Harrower", "Inglis", "Jamal", "Kaminska",
    "Keillor", "Laidlaw", "Lomax", "MacVannan", "Melrose", "Nwosu", "Oliphant", "Petrenko",
    "Purdie", "Quigg", "Rennie", "Rutkowski", "Saleh", "Shearer", "Tannahill", "Tulloch",
    "Urquhart", "Veitch", "Wardlaw", "Yuill", "Zielinska",
)  # fmt: skip
INTERESTS = (
    "walking", "tea and a chat", "gardening", "chess", "football", "knitting", "birds", "music",
    "cooking", "reading", "history", "dominoes", "crosswords", "films", "boats", "dogs", "bowls",
    "singing", "crafts", "local news",
)  # fmt: skip
NEEDS = (
    "",
    "",
    "Sits best with her left ear to you. Avoid the room by the road.",
    "Reads lips: face the light, one at a time.",
    "Likes a fixed day. Ring the day before.",
    "Short outings; a bench every ten minutes.",
    "Would rather not talk about work.",
    "Large print, plain paper.",
)
OTHER_LANGUAGES = ("pl", "ur", "ar", "uk", "gd")
LANGUAGE_SHARES = (0.05, 0.03, 0.02, 0.03, 0.02)
UNSUITABLE_REASONS = (
    "Needs personal care rather than company; told of the care team",
    "Wanted a driver; told of community transport",
    "Lives outside the service's area; passed on",
)
PRIORITY_REASON = "Left hospital to an empty house; agreed in supervision"
DECIDED_FOR = "Shared hours and interests, nearest of those who had waited longest"
HELD_FOR = "Back from visiting family next week"
DECIDED_AGAINST = (
    "Neither was free on the same day",
    "The volunteer has known the family for years",
    "Would rather meet somebody nearer their own age",
)
PLANS = (
    "Goes on to the Tuesday soup lunch with a neighbour",
    "Joined the walking group; rings the service if it gets quiet",
    "Moved to be near family; introduced to a service there",
    "Wanted no plan; the door stays open",
)
CONCERN = (
    "She said twice that money leaves her purse when a relative has been. She asked me to tell "
    "nobody; I said that I must tell the lead, and that we would talk with her first."
)
CONCERN_CLOSED = (
    "He seemed unsteady and had not eaten since the day before. Rang the lead from the hall; "
    "the doctor came that evening and the pantry now calls."
)
MEETING_NOTES = (
    "Walked to the quay and back. Cheerful.",
    "Rain, so dominoes. He won.",
    "Talked about the garden. Wishes to see the market.",
)


def make_clauses(service: str, telephone: str, hours: str, first_place: str) -> list[str]:
    """The agreement between the two, in sixteen plain sentences."""
    return [
        "We meet once a week for about an hour, for six months. Then we talk about going on.",
        f"The coordinator comes along the first time, to {first_place}. We meet at home only if "
        "both of us and the service want to.",
        f"We reach each other through {service}, {telephone}, {hours}. We do not swap private "
        "numbers, addresses or social media.",
        "If one of us can't come, we tell the coordinator. We need give no reason.",
        "No money changes hands: no loans, bank cards, wills, or gifts bigger than a cuppa.",
        "This is company, not care: no medicines, no washing or dressing, no lifting.",
        "What we say stays between us, unless somebody may be in danger. Then we tell the "
        "safeguarding lead.",
        "We take no photos of each other and post nothing about each other.",
        "No lifts in a car, unless it is insured for that and the service has agreed.",
        "Pets, smoking, drinking, other people in the room: we say beforehand what suits us.",
        "Neither of us presses faith or politics on the other.",
        "On a home visit the volunteer tells the service when it starts and when it ends.",
        "If one of us is away, the coordinator rings the other within two days.",
        "The coordinator asks each of us alone how it goes, after four weeks and three months.",
        "Either of us may pause or stop, without a reason. A pause keeps the place. If both wish, "
        "there is a last meeting.",
        "Notes say only when we met and what was agreed. Each of us may read them. "
        f"Complaints go to {service}.",
    ]
