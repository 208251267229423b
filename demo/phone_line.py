"""A telephone befriending line with quick introductions: enough referrals in a year for the yearly
figures of befriending. It keeps dates alone, as a service does that joined from elsewhere."""

import datetime as dt

import numpy as np

from connections.befriending.models import Ending, Match, Participant, Referral, Service, Volunteer
from connections.befriending.vocabulary import EndingReason, MatchState, ReferralState
from demo.pairings import at_eleven, make_uuid
from demo.town import SEED
from demo.whereabouts import organisations_by_key
from kinder.accounts.acting import Purpose, acting
from places.models import Area, Geography

ORGANISATION, NAME = "north", "The Shore telephone line"
HISTORY_DAYS = 1_050
REFERRALS = 420
VOLUNTEERS = 40


def load_phone_line(geography: Geography, *, day: dt.date, seed: int = SEED) -> int:
    """Insert the line, its volunteers and its referrals; return how many rows."""
    rng = np.random.default_rng([seed, 21])
    councils = list(Area.objects.filter(geography=geography, level="council").order_by("code"))
    with acting(purpose=Purpose.MIGRATE):
        service = Service.objects.create(
            organisation=organisations_by_key()[ORGANISATION],
            name=NAME,
            telephone="01632 960303",
            hours="Every day, 10 to 8",
            created_at=at_eleven(day - dt.timedelta(days=HISTORY_DAYS + 30)),
        )
        service.areas.set(councils)
        volunteers = Volunteer.objects.bulk_create(
            Volunteer(
                id=make_uuid(rng),
                service=service,
                name=f"Caller {number + 1}",
                applied_on=day - dt.timedelta(days=HISTORY_DAYS),
                languages=["en"],
                travel_area=councils[number % len(councils)],
                capacity=6,
            )
            for number in range(VOLUNTEERS)
        )
        people, referrals, matches, endings = [], [], [], []
        for number, age in enumerate(sorted(rng.integers(20, HISTORY_DAYS, REFERRALS))[::-1]):
            received = day - dt.timedelta(days=int(age))
            area = councils[int(rng.integers(len(councils)))]
            person = Participant(
                id=make_uuid(rng), service=service, name=f"Listener {number + 1}",
                languages=["en"], travel_area=area, created_at=at_eleven(received),
            )  # fmt: skip
            referral = Referral(
                id=make_uuid(rng), service=service, participant=person, area=area, source="self",
                has_consented=True, received_on=received, state=ReferralState.WAITING,
                assessed_on=received + dt.timedelta(days=3),
            )  # fmt: skip
            people.append(person)
            referrals.append(referral)
            met = received + dt.timedelta(days=int(np.exp(rng.normal(np.log(45), 0.8))) + 4)
            if rng.random() < 0.12:
                left = received + dt.timedelta(days=int(rng.integers(5, 60)))
                if left < day:
                    referral.state, referral.closed_on = ReferralState.WITHDRAWN, left
                continue
            if met >= day:
                continue
            end = met + dt.timedelta(days=int(rng.exponential(330)) + 10)
            match = Match(
                id=make_uuid(rng), service=service, referral=referral, participant=person,
                volunteer=volunteers[number % VOLUNTEERS], state=MatchState.ACTIVE,
                participant_consented_at=at_eleven(met), volunteer_consented_at=at_eleven(met),
                introduced_on=met, first_met_on=met, created_at=at_eleven(received),
            )  # fmt: skip
            referral.state = ReferralState.MATCHED
            matches.append(match)
            if end < day:
                match.state, match.ended_on = MatchState.ENDED, end
                referral.state, referral.closed_on = ReferralState.CLOSED, end
                reason = str(
                    rng.choice(
                        [EndingReason.PLANNED, EndingReason.MOVED, EndingReason.DIED,
                         EndingReason.DID_NOT_FIT, EndingReason.HEALTH],
                        p=[0.4, 0.08, 0.07, 0.25, 0.2],
                    )
                )  # fmt: skip
                endings.append(
                    Ending(
                        match=match, is_planned=reason == EndingReason.PLANNED, reason=reason,
                        asked_at=at_eleven(end),
                    )
                )  # fmt: skip
        Participant.objects.bulk_create(people)
        Referral.objects.bulk_create(referrals)
        Match.objects.bulk_create(matches)
        Ending.objects.bulk_create(endings)
    return 1 + len(volunteers) + len(people) + len(referrals) + len(matches) + len(endings)
