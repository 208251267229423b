"""One pairing's weeks: the agreement, meetings, a pause, reviews, and the drawer of rows."""

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass, field

import numpy as np
from django.utils import timezone

from connections.befriending.models import (
    Agreement,
    AgreementSignature,
    Arrangement,
    Check,
    Concern,
    Ending,
    Match,
    Meeting,
    Participant,
    Pause,
    Referral,
    Review,
    ScaleAnswer,
    Visit,
    Volunteer,
)
from connections.befriending.vocabulary import MatchState, MeetingMode, MeetingOutcome, Scale
from demo import befriending_lists as lists
from demo.copying import uuids
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import User
from places.models import Place

WARNINGS = (60, 30, 7)


@dataclass
class Drawer:
    """Rows of one service on their way into the tables."""

    participants: list[Participant] = field(default_factory=list)
    volunteers: list[Volunteer] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    signatures: list[AgreementSignature] = field(default_factory=list)
    arrangements: list[Arrangement] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    scale_answers: list[ScaleAnswer] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)

    def store(self) -> int:
        """Insert everything, whatever others point at first; return how many rows."""
        made = 0
        for rows in vars(self).values():
            if rows:
                type(rows[0]).objects.bulk_create(rows)
                made += len(rows)
        return made


@dataclass
class Pairings:
    """Tells what happens in a service's pairings, week by week, into its drawer."""

    drawer: Drawer
    day: dt.date
    rng: np.random.Generator
    coordinator: User
    cafes: list[Place]
    clauses: list[str]

    def agree(self, match: Match, on: dt.date) -> None:
        digest = hashlib.sha256("\n".join(self.clauses).encode()).hexdigest()
        agreement = Agreement(
            match=match, clauses=self.clauses, text_sha256=digest, created_at=at_eleven(on)
        )
        self.drawer.agreements.append(agreement)
        sides = AgreementSignature.Side
        if match.state == MatchState.INTRODUCED:
            sides_done = [sides.VOLUNTEER]
        else:
            sides_done = [sides.PARTICIPANT, sides.VOLUNTEER]
        for side in sides_done:
            self.drawer.signatures.append(
                AgreementSignature(
                    agreement=agreement,
                    side=side,
                    text_sha256=digest,
                    is_aloud=side == sides.PARTICIPANT and bool(self.rng.random() < 0.5),
                    noted_by=self.coordinator,
                    reauthenticated_at=at_eleven(on),
                    signed_at=at_eleven(on),
                )
            )

    def meet(self, match: Match, until: dt.date) -> None:
        rng = self.rng
        every = int(rng.choice([7, 7, 14]))
        on = match.first_met_on or until
        pause = self._maybe_pause(match, until)
        usual = rng.choice(MeetingMode.values, p=[0.44, 0.24, 0.16, 0.10, 0.06])
        while on < until:
            is_paused = pause is not None and pause[0] <= on < pause[1]
            outcome = (
                MeetingOutcome.PAUSED
                if is_paused
                else MeetingOutcome(
                    rng.choice(["met", "missed", "cancelled"], p=[0.87, 0.08, 0.05])
                )
            )
            if not is_paused or rng.random() < 0.3:
                self.drawer.meetings.append(self.meeting(match, on, outcome, str(usual)))
            on += dt.timedelta(days=every)

    def meeting(self, match: Match, on: dt.date, outcome: MeetingOutcome, usual: str) -> Meeting:
        rng = self.rng
        meeting = Meeting(
            id=make_uuid(self.rng),
            match=match,
            on=on,
            outcome=outcome,
            noted_by=self.coordinator,
            created_at=at_eleven(min(on + dt.timedelta(days=1), self.day)),
        )
        if outcome != MeetingOutcome.MET:
            return meeting
        mode = usual if rng.random() < 0.8 else MeetingMode.OUT.value
        is_first = match.first_met_on == on
        meeting.mode = MeetingMode.OUT.value if is_first else mode
        meeting.minutes = int(rng.choice([30, 45, 60, 60, 75, 90]))
        if meeting.mode == MeetingMode.OUT:
            meeting.place = self.cafes[int(rng.integers(len(self.cafes)))]
        if meeting.mode == MeetingMode.HOME:
            began = timezone.make_aware(dt.datetime.combine(on, dt.time(14)))
            self.drawer.visits.append(
                Visit(
                    id=make_uuid(self.rng),
                    match=match,
                    started_at=began,
                    due_at=began + dt.timedelta(minutes=90),
                    ended_at=began + dt.timedelta(minutes=meeting.minutes),
                )
            )
        if rng.random() < 0.03:
            meeting.note_ciphertext = encrypt(str(rng.choice(lists.MEETING_NOTES)))
        return meeting

    def _maybe_pause(self, match: Match, until: dt.date) -> tuple[dt.date, dt.date] | None:
        met = match.first_met_on or until
        if (until - met).days < 120 or self.rng.random() > 0.22:
            return None
        begin = met + dt.timedelta(days=int(self.rng.integers(40, 90)))
        end = begin + dt.timedelta(days=int(self.rng.integers(14, 42)))
        if end >= until:
            return None
        self.drawer.pauses.append(Pause(match=match, from_on=begin, until_on=end))
        return begin, end

    def review(self, match: Match, until: dt.date) -> None:
        met = match.first_met_on or until
        for days in (28, 91):
            due = met + dt.timedelta(days=days)
            if due > until and (until < self.day or due > until + dt.timedelta(days=60)):
                continue  # it ended before, or is too far away to be planned
            for side in AgreementSignature.Side.values:
                is_late = due > self.day - dt.timedelta(days=10)
                held = due + dt.timedelta(days=int(self.rng.integers(-3, 9)))
                is_held = not is_late and held < self.day and self.rng.random() < 0.94
                self.drawer.reviews.append(
                    Review(
                        match=match,
                        side=side,
                        due_on=due,
                        held_on=held if is_held else None,
                        goes_on=bool(self.rng.random() < 0.92) if is_held else None,
                        warned_days=warnings_due((due - self.day).days),
                    )
                )

    def ask_scales(self, match: Match, until: dt.date) -> None:
        """With consent, never at the first visit: after a month, and again after five."""
        if self.rng.random() > 0.45:
            return
        met = match.first_met_on or until
        lonely = self.rng.uniform(1.8, 3.0)
        for days in (35, 160):
            on = met + dt.timedelta(days=days)
            if on >= until:
                break
            answers = self.rng.normal(lonely, 0.5, 3).round().clip(1, 3).astype(int)
            self.drawer.scale_answers.append(
                ScaleAnswer(
                    participant=match.participant,
                    scale=Scale.UCLA3,
                    answers=[int(answer) for answer in answers],
                    answered_on=on,
                    consented_on=on,
                )
            )
            lonely -= 0.35


def make_uuid(rng: np.random.Generator) -> uuid.UUID:
    return uuid.UUID(uuids(rng, 1)[0])


def at_eleven(on: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(on, dt.time(11)))


def warnings_due(days_left: int) -> list[int]:
    """The warnings that were due by now: at 60, 30 and 7 days, once each."""
    return [days for days in WARNINGS if days_left <= days]
