"""How long befriending keeps what it knows of people, and what is left of them afterwards.

A pairing belongs to two people, and figures of a quarter count dates: so of whoever goes the dates
stay, under rows without a name, and whatever says something about them is deleted or emptied.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import DateField, Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from connections.befriending.actions.case_lists import KEPT_FOR
from connections.befriending.models import (
    Agreement,
    AgreementSignature,
    Arrangement,
    Assessment,
    CaseImport,
    Check,
    Concern,
    Ending,
    Expense,
    Match,
    Meeting,
    Notice,
    Participant,
    Pause,
    Reference,
    Referral,
    Review,
    ScaleAnswer,
    Suggestion,
    Supervision,
    Training,
    Unmatched,
    Visit,
    Volunteer,
)
from connections.befriending.states import OVER
from connections.befriending.vocabulary import CaseImportState, ConcernState, ReferralState
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.privacy import RetentionRule
from kinder.accounts.retention import let_go_of

NOTICES_FOR = dt.timedelta(days=365)
"""A year: how long it can be looked up that a reminder went out."""
PUT_ASIDE_FOR = dt.timedelta(days=365)
"""Whoever was not suitable or did not want it any more may come back within a year."""
ENDED_FOR = dt.timedelta(days=5 * 365 + 1)
"""Prescription and Limitation (Scotland) Act 1973, section 6: claims end after five years."""
DECLINED_FOR = dt.timedelta(days=183)
"""Equality Act 2010, section 118: whoever was turned down has six months to bring a claim."""
CHECK_NUMBERS_FOR = dt.timedelta(days=90)
"""Disclosure Scotland asks that what a check brought is kept no longer than it is needed; 90 days
is the usual bound of its code of practice."""
CONCERNS_FOR = dt.timedelta(days=10 * 365 + 2)
"""Section 17 of the Act of 1973 counts three years from when harm was known, which may be years
later, and names no end for adults. Ten years are a judgement."""

PEOPLE_AT_ONCE = 100
"""So many people are let go of in one transaction."""
_DONE = (ReferralState.CLOSED, ReferralState.UNSUITABLE, ReferralState.WITHDRAWN)
_ASIDE = (ReferralState.UNSUITABLE, ReferralState.WITHDRAWN)
_NAMELESS: dict[str, Any] = {
    "user": None,
    "name": "",
    "called": "",
    "contact": "",
    "gender": "",
    "prefers_gender": "",
    "prefers_because": "",
    "communication": "",
    "languages": [],
    "interests": [],
    "free_hours": [],
    "travel_area": None,
    "needs": "",
}


def empty_people(
    *, participants: Collection[Participant] = (), volunteers: Collection[Volunteer] = ()
) -> int:
    """Take people out of befriending; return how many rows were deleted or emptied.

    Within acting(ERASE). Days and states stay, without a name; concerns are let go of by a rule of
    their own.
    """
    matches = Match.objects.filter(Q(participant__in=participants) | Q(volunteer__in=volunteers))
    keys = list(matches.values_list("pk", flat=True))
    referrals = Referral.objects.filter(participant__in=participants)
    of_matches, of_volunteers = {"match__in": keys}, {"volunteer__in": volunteers}
    of_referrals = {"referral__in": referrals}
    gone: tuple[tuple[type[Model], dict[str, Any]], ...] = (
        (AgreementSignature, {"agreement__match__in": keys}),
        (Agreement, of_matches),
        (Review, of_matches),
        (Pause, of_matches),
        (Arrangement, of_matches),
        (Visit, of_matches),
        (Check, of_volunteers),
        (Reference, of_volunteers),
        (Training, of_volunteers),
        (Supervision, of_volunteers),
        (Expense, of_volunteers),
        (Suggestion, of_volunteers),
        (Suggestion, of_referrals),
        (Unmatched, of_referrals),
        (Assessment, of_referrals),
        (ScaleAnswer, {"participant__in": participants}),
    )
    touched = sum(model._default_manager.filter(**which).delete()[0] for model, which in gone)
    touched += Meeting.objects.filter(**of_matches).update(note_ciphertext=None, place=None)
    touched += Ending.objects.filter(**of_matches).update(reason="", plan="")
    touched += Match.objects.filter(pk__in=keys).update(
        decided_because="", good_to_know="", participant_called="", volunteer_called=""
    )
    touched += referrals.update(reason="", referrer="", priority=0, priority_reason="")
    touched += Participant.objects.filter(pk__in=[one.pk for one in participants]).update(
        **_NAMELESS, absence_cover="", prefers_language=""
    )
    touched += Volunteer.objects.filter(pk__in=[one.pk for one in volunteers]).update(**_NAMELESS)
    return touched


# ---------------------------------------------------------------- who is due


def find_put_aside(now: dt.datetime) -> QuerySet[Participant]:
    """Return those who were never paired and whose last referral was put aside long enough ago."""
    before = timezone.localdate(now) - PUT_ASIDE_FOR
    own = Referral.objects.filter(participant=OuterRef("pk"))
    return Participant.objects.exclude(name="").filter(
        Exists(own),
        ~Exists(own.exclude(state__in=_ASIDE)),
        ~Exists(own.filter(Q(closed_on=None) | Q(closed_on__gte=before))),
        ~Exists(Match.objects.filter(participant=OuterRef("pk")).exclude(state="declined")),
    )


def find_ended_participants(now: dt.datetime) -> QuerySet[Participant]:
    """Return those whose last pairing or referral ended long enough ago."""
    before = timezone.localdate(now) - ENDED_FOR
    own = Referral.objects.filter(participant=OuterRef("pk"))
    paired = Match.objects.filter(participant=OuterRef("pk"))
    return Participant.objects.exclude(name="").filter(
        Exists(own),
        ~Exists(own.exclude(state__in=_DONE)),
        ~Exists(own.filter(Q(closed_on=None) | Q(closed_on__gte=before))),
        ~Exists(paired.exclude(state__in=OVER)),
        ~Exists(paired.filter(ended_on__gte=before)),
    )


def find_declined_volunteers(now: dt.datetime) -> QuerySet[Volunteer]:
    """Return those whose application was declined long enough ago and who never befriended."""
    before = timezone.localdate(now) - DECLINED_FOR
    paired = Match.objects.filter(volunteer=OuterRef("pk")).exclude(state="declined")
    return Volunteer.objects.exclude(name="").filter(
        ~Exists(paired), declined_on__lt=before, left_on=None
    )


def find_gone_volunteers(now: dt.datetime) -> QuerySet[Volunteer]:
    """Return those who left, or were declined after they had befriended, long enough ago."""
    paired = Match.objects.filter(volunteer=OuterRef("pk"))
    before = timezone.localdate(now) - ENDED_FOR
    return (
        Volunteer.objects.exclude(name="")
        .annotate(gone_on=_last_day("left_on", "declined_on"))
        .filter(
            ~Exists(paired.exclude(state__in=OVER)),
            ~Exists(paired.filter(ended_on__gte=before)),
            gone_on__lt=before,
        )
    )


def _last_day(first: str, second: str) -> Greatest:
    return Greatest(Coalesce(first, second), Coalesce(second, first), output_field=DateField())


# ---------------------------------------------------------------- letting go


def _empty(people: "QuerySet[Participant] | QuerySet[Volunteer]", *, is_dry_run: bool) -> int:
    """Empty a batch of people, locked and asked again, or count them all; returns people."""
    if is_dry_run:
        return people.count()
    keys = list(people.order_by("pk").values_list("pk", flat=True)[:PEOPLE_AT_ONCE])
    held = list(people.filter(pk__in=keys).select_for_update(of=("self",)).order_by("pk"))
    participants = [one for one in held if isinstance(one, Participant)]
    volunteers = [one for one in held if isinstance(one, Volunteer)]
    empty_people(participants=participants, volunteers=volunteers)
    return len(held)


def _let_go_of_put_aside(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    with acting(purpose=Purpose.ERASE):
        return _empty(find_put_aside(now), is_dry_run=is_dry_run)


def _let_go_of_participants(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    with acting(purpose=Purpose.ERASE):
        return _empty(find_ended_participants(now), is_dry_run=is_dry_run)


def _let_go_of_declined(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    with acting(purpose=Purpose.ERASE):
        return _empty(find_declined_volunteers(now), is_dry_run=is_dry_run)


def _let_go_of_volunteers(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    with acting(purpose=Purpose.ERASE):
        return _empty(find_gone_volunteers(now), is_dry_run=is_dry_run)


def _let_go_of_check_numbers(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    """Take the numbers of checks of whoever left; that they were cleared stays with the rest."""
    before = timezone.localdate(now) - CHECK_NUMBERS_FOR
    with acting(purpose=Purpose.ERASE):
        numbered = Check.objects.exclude(membership_number="").filter(
            Q(volunteer__left_on__lt=before) | Q(volunteer__declined_on__lt=before)
        )
        return numbered.count() if is_dry_run else numbered.update(membership_number="")


def _let_go_of_concerns(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    with acting(purpose=Purpose.ERASE):
        closed = Concern.objects.filter(state=ConcernState.CLOSED, closed_at__lt=now - CONCERNS_FOR)
        return let_go_of(closed, is_dry_run=is_dry_run)


def _let_go_of_lists(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    """Empty the lists of cases on which nobody decided in time."""
    with acting(purpose=Purpose.ERASE):
        left = CaseImport.objects.filter(made_at__lt=now - KEPT_FOR).exclude(ciphertext=None)
        if is_dry_run:
            return left.count()
        return left.update(ciphertext=None, state=CaseImportState.DROPPED)


def _let_go_of_notices(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    with acting(purpose=Purpose.ERASE):
        return let_go_of(
            Notice.objects.filter(made_at__lt=now - NOTICES_FOR), is_dry_run=is_dry_run
        )


_LAW_OF_CLAIMS = gettext_lazy("Prescription and Limitation (Scotland) Act 1973, section 6.")

RETENTION = (
    RetentionRule(
        name="befriending.case_lists",
        what=gettext_lazy("A service's list of cases that nobody took over."),
        why=gettext_lazy("It is looked at first, and taken over or left the same day."),
        how_long=gettext_lazy("1 day."),
        source=gettext_lazy("The time to look at it and decide."),
        apply=_let_go_of_lists,
    ),
    RetentionRule(
        name="befriending.notices",
        what=gettext_lazy("That somebody of a service was sent a reminder."),
        why=gettext_lazy("So that each reminder goes out once, and it can be looked up."),
        how_long=gettext_lazy("12 months."),
        source=gettext_lazy("Checks and reviews are planned within a year."),
        apply=_let_go_of_notices,
    ),
    RetentionRule(
        name="befriending.put_aside",
        what=gettext_lazy("People who were put forward and never had a pairing."),
        why=gettext_lazy("Whoever comes back within a year need not tell everything again."),
        how_long=gettext_lazy("12 months after they were put aside; days stay without a name."),
        source=gettext_lazy("A judgement: no law asks for it, and nothing came of it."),
        apply=_let_go_of_put_aside,
    ),
    RetentionRule(
        name="befriending.participants",
        what=gettext_lazy("People whose befriending ended, with notes, agreements and reviews."),
        why=gettext_lazy("Until then the service may have to show how it looked after them."),
        how_long=gettext_lazy("5 years after it ended; days stay without a name."),
        source=_LAW_OF_CLAIMS,
        apply=_let_go_of_participants,
    ),
    RetentionRule(
        name="befriending.declined_volunteers",
        what=gettext_lazy("People who offered to befriend and were declined."),
        why=gettext_lazy("Until then the service may have to show that it was fair."),
        how_long=gettext_lazy("6 months after they were told; days stay without a name."),
        source=gettext_lazy("Equality Act 2010, section 118: claims begin within six months."),
        apply=_let_go_of_declined,
    ),
    RetentionRule(
        name="befriending.volunteers",
        what=gettext_lazy("Volunteers who left, with references, checks, training and expenses."),
        why=gettext_lazy("Until then the service may have to show that it chose with care."),
        how_long=gettext_lazy("5 years after they left; days stay without a name."),
        source=_LAW_OF_CLAIMS,
        apply=_let_go_of_volunteers,
    ),
    RetentionRule(
        name="befriending.check_numbers",
        what=gettext_lazy("Membership numbers of checks of volunteers who left."),
        why=gettext_lazy("The number is needed while a check is; what was decided stays longer."),
        how_long=gettext_lazy("90 days after they left."),
        source=gettext_lazy(
            "Disclosure Scotland's code of practice: no longer than it is needed, usually 90 days."
        ),
        apply=_let_go_of_check_numbers,
    ),
    RetentionRule(
        name="befriending.concerns",
        what=gettext_lazy("Worries about somebody's safety that are closed, with what was done."),
        why=gettext_lazy("A pattern may show years later, and so may a claim."),
        how_long=gettext_lazy("10 years after they were closed; open ones stay."),
        source=gettext_lazy(
            "A judgement: section 17 of the Act of 1973 counts three years from when harm was "
            "known, which may be years later."
        ),
        apply=_let_go_of_concerns,
    ),
)
