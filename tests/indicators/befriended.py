"""A year of referrals to befriending for tests of what is told of it."""

import datetime as dt

from connections.befriending.models import Match, Participant, Referral, Service, Volunteer
from kinder.accounts.acting import Purpose, acting
from places.models import Area
from tests.factories import OrganisationFactory


def befriend(council: Area, count: int) -> list[Participant]:
    """`count` people referred on a day of 2026 who met a volunteer after so many days."""
    with acting(purpose=Purpose.MIGRATE):
        service = Service.objects.create(organisation=OrganisationFactory.create(), name="Line")
        made = []
        for number in range(count):
            person = Participant.objects.create(service=service, name=f"Person {number}")
            volunteer = Volunteer.objects.create(
                service=service, name=f"Volunteer {number}", applied_on=dt.date(2025, 1, 1)
            )
            received = dt.date(2026, 2, 1) + dt.timedelta(days=number)
            referral = Referral.objects.create(
                service=service, participant=person, area=council, source="self",
                state="waiting", has_consented=True, received_on=received,
            )  # fmt: skip
            # Two in three met after 20 to 59 days, the others still wait.
            if number % 3:
                Match.objects.create(
                    service=service, referral=referral, participant=person, volunteer=volunteer,
                    state="introduced", first_met_on=received + dt.timedelta(days=20 + number),
                )  # fmt: skip
            made.append(person)
    return made
