"""Two befriending services with everything that happens in them, over two and a half years.

Each referral lives through its story from the day it came: assessed, waiting, introduced to
somebody who was free, meeting, pausing, ending. What has not happened yet by the day of loading is
simply not there. Row-level security lets only a named purpose write here.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from connections.befriending.actions.concerns import Worry, seal
from connections.befriending.models import (
    Arrangement,
    Check,
    Concern,
    Ending,
    Match,
    MatchingRun,
    Participant,
    Pause,
    Referral,
    Service,
    Suggestion,
    Volunteer,
)
from connections.befriending.suggesting import run_alone
from connections.befriending.vocabulary import (
    CheckDecision,
    CheckScheme,
    ConcernState,
    EndingReason,
    MatchState,
    MeetingOutcome,
    ReferralSource,
    ReferralState,
)
from demo import befriending_lists as lists
from demo.pairings import Drawer, Pairings, at_eleven, make_uuid, warnings_due
from demo.town import SEED
from demo.whereabouts import organisations_by_key
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import User
from places.models import Area, Geography, Place
from places.vocabulary import PlaceKind, PlaceState

HISTORY_DAYS = 900
# Checks that end soon: days left, in the order of volunteers with a pairing.
ENDING_CHECKS = (57, 27, 6, -4)
# Who came lately: new, assessed, and just waiting.
RECENT_AGES = (44, 40, 36, 33, 29, 24, 20, 15, 10, 7, 4)
# Who waits for long, because no volunteer speaks their language: age of the referral, language.
UNSPOKEN = {203: "ti", 148: "fa", 117: "ro", 97: "so"}
CHECK_YEARS = 3


@dataclass(frozen=True)
class ServiceSpec:
    organisation: str
    name: str
    telephone: str
    hours: str
    is_on_duty: bool
    volunteers: int
    referrals: int
    areas: tuple[str, ...]
    coordinator: str
    lead: str
    volunteer: str


SERVICES = (
    ServiceSpec(
        "befriend", "Larrig Befrienders", "01632 960101", "Monday to Friday, 9 to 5", True,
        31, 140, ("Inverwhin Town (invented)", "Whinsay Braes and Shores (invented)"),
        "coordinator@example.org", "lead@example.org", "volunteer@example.org",
    ),
    ServiceSpec(
        "company", "Good Company", "01632 960202", "Tuesday to Thursday, 10 to 3", False,
        8, 28, ("The West Side", "The North Shore"),
        "coordinator.west@example.org", "lead.west@example.org", "volunteer.west@example.org",
    ),
)  # fmt: skip


def load_befriending(geography: Geography, *, day: dt.date, seed: int = SEED) -> int:
    """Insert both services and everything that happened in them; return how many rows."""
    made = 0
    with acting(purpose=Purpose.MIGRATE):
        for number, spec in enumerate(SERVICES):
            rng = np.random.default_rng([seed, 10, number])
            made += _Story(spec, geography, day, rng).tell()
    return made


class _Story:
    """One service's years."""

    def __init__(
        self, spec: ServiceSpec, geography: Geography, day: dt.date, rng: np.random.Generator
    ) -> None:
        self.spec, self.day, self.rng = spec, day, rng
        self.drawer = Drawer()
        users = {user.email: user for user in User.objects.all()}
        self.coordinator = users[spec.coordinator]
        self.lead = users[spec.lead]
        self.volunteer_user = users[spec.volunteer]
        self.resident = users["resident@example.org"] if spec.is_on_duty else None
        covered = Area.objects.filter(geography=geography, name__in=spec.areas)
        self.service = Service.objects.create(
            organisation=organisations_by_key()[spec.organisation],
            name=spec.name,
            telephone=spec.telephone,
            hours=spec.hours,
            is_on_duty=spec.is_on_duty,
            created_at=at_eleven(day - dt.timedelta(days=HISTORY_DAYS + 60)),
        )
        self.service.areas.set(covered)
        self.areas = list(
            Area.objects.filter(level="intermediate", ancestors__ancestor__in=covered)
            .distinct()
            .order_by("code")
        )
        self.cafes = list(
            Place.objects.filter(
                kind__in=[PlaceKind.CAFE, PlaceKind.LIBRARY, PlaceKind.PARK],
                state=PlaceState.VERIFIED,
                source="demo",
            ).order_by("id")
        )
        self.free_from: dict[int, list[dt.date]] = {}
        self.ready: list[Volunteer] = []
        self.names = self._shuffle_names()
        self.pairings = Pairings(
            drawer=self.drawer,
            day=day,
            rng=rng,
            coordinator=self.coordinator,
            cafes=self.cafes,
            clauses=lists.make_clauses(spec.name, spec.telephone, spec.hours, self.cafes[0].name),
        )

    def tell(self) -> int:
        self._recruit()
        ages = self.rng.integers(50, HISTORY_DAYS, self.spec.referrals)
        for age in sorted([*ages, *RECENT_AGES, *UNSPOKEN], reverse=True):
            self._refer(self.day - dt.timedelta(days=int(age)), language=UNSPOKEN.get(age))
        self._suggest_for_the_longest_waiting()
        self._vary_states()
        self._check_volunteers()
        self._raise_concerns()
        self._lend_accounts()
        return self.drawer.store() + self._match() + 1

    def _lend_accounts(self) -> None:
        """The resident who can sign in is befriended; whoever meets has a next meeting."""
        active = [match for match in self.drawer.matches if match.state == MatchState.ACTIVE]
        if self.resident is not None:
            participant = active[2].participant
            participant.user, participant.name = self.resident, self.resident.name
            active[2].participant_called = participant.short_name
        for number, match in enumerate(active):
            starts_on = self.day + dt.timedelta(days=1 + number % 7)
            self.drawer.arrangements.append(
                Arrangement(
                    id=make_uuid(self.rng),
                    match=match,
                    starts_at=at_eleven(starts_on) + dt.timedelta(hours=number % 4),
                    mode="out",
                    place=self.cafes[number % len(self.cafes)],
                    made_by=self.coordinator,
                )
            )

    def _match(self) -> int:
        """Run matching once, so that its page has something to show; return how many rows."""
        run = MatchingRun.objects.create(service=self.service, started_by=self.coordinator)
        run_alone(run.pk)
        return 1 + Suggestion.objects.filter(run=run).count()

    # ---------------------------------------------------------------- people

    def _recruit(self) -> None:
        for number in range(self.spec.volunteers):
            applied = self.day - dt.timedelta(days=int(self.rng.integers(70, HISTORY_DAYS + 40)))
            if number == 0:
                applied = self.day - dt.timedelta(days=HISTORY_DAYS)
            volunteer = Volunteer(
                applied_on=applied,
                references_on=applied + dt.timedelta(days=21),
                trained_on=applied + dt.timedelta(days=40),
                supervised_on=self.day - dt.timedelta(days=int(self.rng.integers(5, 80))),
                is_experienced=bool(self.rng.random() < 0.4),
                capacity=int(self.rng.choice([1, 2, 3], p=[0.6, 0.32, 0.08])),
                travel_km=int(self.rng.choice([2, 3, 5, 8, 12])),
                user=self.volunteer_user if number == 0 else None,
                **self._person(),
            )
            if number == 0:
                volunteer.name = self.volunteer_user.name
            self.drawer.volunteers.append(volunteer)
            self.free_from[number] = [applied + dt.timedelta(days=55)] * volunteer.capacity
        # Some have just been trained and have room; some have only just applied.
        for ago in (61, 58, 55, 52):
            applied = self.day - dt.timedelta(days=ago)
            self.ready.append(
                Volunteer(
                    applied_on=applied,
                    references_on=applied + dt.timedelta(days=18),
                    trained_on=applied + dt.timedelta(days=41),
                    capacity=1,
                    **self._person(),
                )
            )
        newcomers = [
            Volunteer(applied_on=self.day - dt.timedelta(days=ago), capacity=1, **self._person())
            for ago in (6, 19)
        ]
        self.drawer.volunteers += self.ready + newcomers

    def _person(self) -> dict[str, Any]:
        rng = self.rng
        languages = ["en"] + [
            code
            for code, share in zip(lists.OTHER_LANGUAGES, lists.LANGUAGE_SHARES, strict=True)
            if rng.random() < share * 1.6
        ]
        hours = sorted(
            {
                int(weekday * 24 + hour)
                for weekday in rng.choice(7, rng.integers(2, 5), replace=False)
                for hour in range(rng.integers(9, 15), rng.integers(15, 20))
            }
        )
        prefers = str(rng.choice(["", "", "", "woman", "man"]))
        return {
            "id": make_uuid(self.rng),
            "service": self.service,
            "name": next(self.names),
            "contact": f"01632 960{int(rng.integers(300, 1000)):03d}",
            "gender": str(rng.choice(["woman", "woman", "man", "man", "non-binary"],
                                     p=[0.3, 0.29, 0.2, 0.2, 0.01])),
            "prefers_gender": prefers,
            "languages": languages,
            "interests": sorted(
                str(word) for word in rng.choice(lists.INTERESTS, rng.integers(2, 6), False)
            ),
            "free_hours": hours,
            "travel_area": self.areas[int(rng.integers(len(self.areas)))],
            "needs": str(rng.choice(lists.NEEDS)),
            "created_at": at_eleven(self.day - dt.timedelta(days=60)),
        }  # fmt: skip

    def _shuffle_names(self) -> Iterator[str]:
        pairs = [f"{given} {family}" for given in lists.GIVEN for family in lists.FAMILY]
        return iter([pairs[i] for i in self.rng.permutation(len(pairs))])

    # ---------------------------------------------------------------- referrals

    def _refer(self, received: dt.date, *, language: str | None) -> None:
        rng = self.rng
        age = (self.day - received).days
        participant = Participant(needs_experience=bool(rng.random() < 0.12), **self._person())
        participant.created_at = at_eleven(received)
        referral = Referral(
            id=make_uuid(self.rng),
            service=self.service,
            participant=participant,
            area=participant.travel_area,
            source=str(rng.choice(ReferralSource.values, p=[0.3, 0.2, 0.2, 0.12, 0.12, 0.06])),
            state=ReferralState.NEW,
            has_consented=True,
            received_on=received,
        )
        self.drawer.participants.append(participant)
        self.drawer.referrals.append(referral)
        if age < 12:
            referral.has_consented = bool(rng.random() < 0.7)
            return
        referral.assessed_on = received + dt.timedelta(days=int(rng.integers(4, 12)))
        referral.is_eligible = True
        if language is not None:
            participant.languages = [language]
            referral.state = ReferralState.WAITING
            return
        chance = rng.random()
        if chance < 0.07:
            referral.state = ReferralState.UNSUITABLE
            referral.closed_on = referral.assessed_on
            referral.reason = str(rng.choice(lists.UNSUITABLE_REASONS))
            referral.is_eligible = False
        elif chance < 0.16:
            closed = referral.assessed_on + dt.timedelta(days=int(rng.integers(3, 80)))
            if closed < self.day:
                referral.state = ReferralState.WITHDRAWN
                referral.closed_on = closed
            else:
                referral.state = ReferralState.WAITING
        elif age < 26:
            referral.state = ReferralState.ASSESSED
        else:
            self._introduce(referral)

    def _introduce(self, referral: Referral) -> None:
        """Introduce the person to whoever is free first after a fair wait."""
        rng = self.rng
        assessed_on = referral.assessed_on or referral.received_on
        wait = int(np.exp(rng.normal(np.log(38), 0.6)))
        earliest = assessed_on + dt.timedelta(days=wait)
        number, free_on = self._whoever_is_free_first(earliest)
        earliest = max(earliest, free_on)
        if earliest >= self.day:
            referral.state = ReferralState.WAITING
            if rng.random() < 0.15:
                referral.priority, referral.priority_reason = 1, lists.PRIORITY_REASON
            return
        volunteer = self.drawer.volunteers[number]
        if rng.random() < 0.12:
            self._decide_against(referral, earliest - dt.timedelta(days=9))
        met = earliest + dt.timedelta(days=int(rng.integers(3, 12)))
        lasting = int(rng.exponential(310)) + 14
        end = met + dt.timedelta(days=lasting)
        match = Match(
            id=make_uuid(self.rng),
            service=self.service,
            referral=referral,
            participant=referral.participant,
            volunteer=volunteer,
            state=MatchState.ACTIVE,
            participant_consented_at=at_eleven(earliest - dt.timedelta(days=5)),
            volunteer_consented_at=at_eleven(earliest - dt.timedelta(days=4)),
            introduced_on=earliest,
            first_met_on=met,
            score=int(rng.integers(38, 97)),
            decided_because=lists.DECIDED_FOR,
            created_at=at_eleven(earliest - dt.timedelta(days=7)),
            participant_called=referral.participant.short_name,
            volunteer_called=volunteer.short_name,
            good_to_know=referral.participant.needs,
        )
        referral.state = ReferralState.MATCHED
        self.drawer.matches.append(match)
        if met >= self.day:
            match.state, match.first_met_on = MatchState.INTRODUCED, None
            end = self.day + dt.timedelta(days=400)
        elif end < self.day:
            self._end(match, end)
        self.free_from[number].remove(min(self.free_from[number]))
        self.free_from[number].append(end + dt.timedelta(days=30))
        self.pairings.agree(match, earliest)
        if match.first_met_on is not None:
            self.pairings.meet(match, min(end, self.day))
            self.pairings.review(match, min(end, self.day))
            self.pairings.ask_scales(match, min(end, self.day))

    def _whoever_is_free_first(self, on: dt.date) -> tuple[int, dt.date]:
        """Somebody with room on that day, else whoever has room next, and from when."""
        free = [number for number, days in self.free_from.items() if min(days) <= on]
        if free:
            return int(self.rng.choice(free)), on
        number = min(self.free_from, key=lambda other: (min(self.free_from[other]), other))
        return number, min(self.free_from[number])

    def _decide_against(self, referral: Referral, on: dt.date) -> None:
        number = int(self.rng.choice(list(self.free_from)))
        match = self._propose(referral, self.drawer.volunteers[number], on)
        match.state = MatchState.DECLINED
        match.decided_because = str(self.rng.choice(lists.DECIDED_AGAINST))

    def _propose(self, referral: Referral, volunteer: Volunteer, on: dt.date) -> Match:
        match = Match(
            id=make_uuid(self.rng),
            service=self.service,
            referral=referral,
            participant=referral.participant,
            volunteer=volunteer,
            score=int(self.rng.integers(38, 90)),
            created_at=at_eleven(on),
        )
        self.drawer.matches.append(match)
        return match

    def _end(self, match: Match, end: dt.date) -> None:
        reason = str(
            self.rng.choice(EndingReason.values, p=[0.34, 0.2, 0.1, 0.1, 0.06, 0.1, 0.06, 0.04])
        )
        is_planned = reason in (EndingReason.PLANNED, EndingReason.GOAL)
        match.state, match.ended_on = MatchState.ENDED, end
        match.referral.state = ReferralState.CLOSED
        match.referral.closed_on = end
        self.drawer.endings.append(
            Ending(
                match=match,
                is_planned=is_planned,
                reason=reason,
                plan=str(self.rng.choice(lists.PLANS)) if is_planned else "",
                last_met_on=end if is_planned else None,
                reviewed_on=end + dt.timedelta(days=6)
                if is_planned and end + dt.timedelta(days=6) < self.day
                else None,
            )
        )

    # ---------------------------------------------------------------- what is special today

    def _suggest_for_the_longest_waiting(self) -> None:
        """Volunteers with room, for those who waited longest: one pair is introduced already."""
        waiting = [
            referral
            for referral in self.drawer.referrals
            if referral.state == ReferralState.WAITING and "en" in referral.participant.languages
        ]
        for referral, volunteer in zip(waiting, self.ready, strict=False):
            match = self._propose(referral, volunteer, self.day - dt.timedelta(days=5))
            if volunteer is self.ready[1]:
                match.state, match.decided_because = MatchState.HELD, lists.HELD_FOR
            if volunteer is self.ready[0]:
                on = self.day - dt.timedelta(days=2)
                referral.state, match.state = ReferralState.MATCHED, MatchState.INTRODUCED
                match.participant_consented_at = at_eleven(on - dt.timedelta(days=1))
                match.volunteer_consented_at = at_eleven(on - dt.timedelta(days=1))
                match.introduced_on = on
                match.decided_because = lists.DECIDED_FOR
                self.pairings.agree(match, on)

    def _vary_states(self) -> None:
        """Of the active pairings one is paused, one is coming to its end, one missed twice."""
        active = [
            match
            for match in self.drawer.matches
            if match.state == MatchState.ACTIVE
            and match.first_met_on is not None
            and (self.day - match.first_met_on).days > 40
        ]
        paused, ending, missed = active[0], active[1], active[2]
        since = self.day - dt.timedelta(days=16)
        paused.state = MatchState.PAUSED
        self.drawer.pauses.append(Pause(match=paused, from_on=since, until_on=None))
        self.drawer.meetings = [
            meeting
            for meeting in self.drawer.meetings
            if meeting.on < since or meeting.match not in (paused, missed)
        ]
        ending.state = MatchState.ENDING
        self.drawer.endings.append(
            Ending(match=ending, is_planned=True, reason=EndingReason.GOAL, plan=lists.PLANS[0])
        )
        for ago in (9, 2):
            on = self.day - dt.timedelta(days=ago)
            self.drawer.meetings.append(
                self.pairings.meeting(missed, on, MeetingOutcome.MISSED, "out")
            )

    def _check_volunteers(self) -> None:
        """Valid checks for whoever befriends, but for those that end soon or have ended."""
        paired = [
            match.volunteer
            for match in self.drawer.matches
            if match.state in (MatchState.ACTIVE, MatchState.PAUSED)
        ]
        # In the order in which they were paired; each once.
        soon = list(dict.fromkeys(paired))[1 : 1 + len(ENDING_CHECKS)]
        for number, volunteer in enumerate(self.drawer.volunteers, start=1):
            check = Check(
                volunteer=volunteer,
                scheme=CheckScheme.PVG,
                membership_number=f"DEMO{number:05d}",
                role_type="Befriending adults",
            )
            self.drawer.checks.append(check)
            if volunteer.trained_on is None:
                check.membership_number = ""
                continue
            if volunteer in soon:
                left = ENDING_CHECKS[soon.index(volunteer)]
                expires = self.day + dt.timedelta(days=left)
                check.warned_days = warnings_due(left)
            else:
                expires = self.day + dt.timedelta(days=int(self.rng.integers(100, 900)))
            check.decision = CheckDecision.CLEARED
            check.decided_by = self.lead
            check.decided_on = expires.replace(day=1) - dt.timedelta(days=365 * CHECK_YEARS)
            check.expires_on = expires
            if expires < self.day:
                self._suspend(volunteer)
        # One was not cleared: only the decision is kept.
        refused = next(v for v in reversed(self.drawer.volunteers) if v.trained_on is None)
        check = next(c for c in self.drawer.checks if c.volunteer is refused)
        check.decision = CheckDecision.REFUSED
        check.decided_by = self.lead
        check.decided_on = self.day - dt.timedelta(days=1)

    def _suspend(self, volunteer: Volunteer) -> None:
        for match in self.drawer.matches:
            if match.volunteer is volunteer and match.state == MatchState.ACTIVE:
                match.state = MatchState.SUSPENDED

    def _raise_concerns(self) -> None:
        if not self.spec.is_on_duty:
            return
        active = [m for m in self.drawer.matches if m.state == MatchState.ACTIVE]
        raised = at_eleven(self.day - dt.timedelta(days=1))
        closed = at_eleven(self.day - dt.timedelta(days=120))
        self.drawer.concerns += [
            Concern(
                id=make_uuid(self.rng),
                service=self.service,
                match=active[3],
                ciphertext=seal(Worry(lists.CONCERN)),
                raised_by=self.volunteer_user,
                raised_at=raised,
            ),
            Concern(
                id=make_uuid(self.rng),
                service=self.service,
                match=active[5],
                ciphertext=seal(Worry(lists.CONCERN_CLOSED)),
                raised_by=self.coordinator,
                state=ConcernState.CLOSED,
                raised_at=closed,
                closed_at=closed + dt.timedelta(days=8),
            ),
        ]
