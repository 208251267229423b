"""What this room tells, forgets and hands on about a person."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from connections.indicators import tasks
from connections.indicators.models import ContributorMonth
from connections.interactions.models import (
    Difficulty,
    HomeArea,
    Interaction,
    MeasureAnswer,
    PromptAnswer,
    PromptEnrolment,
    PromptMail,
    Story,
    Thank,
)
from connections.interactions.privacy import describe, erase, merge
from kinder.accounts.actions import erase_person, export_person
from kinder.accounts.audit import subject_of
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import ConsentRecord, Contributor
from kinder.accounts.retention import apply_retention
from places.models import Area
from tests.factories import (
    ContributorFactory,
    DifficultyFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    PlaceFactory,
    UserFactory,
)
from tests.interactions.conftest import Phone, moment_at

pytestmark = pytest.mark.django_db


def test_everything_with_a_person_in_it_is_described() -> None:
    described = {holding.model for holding in describe()}
    personal = {
        model._meta.label_lower
        for model in apps.get_app_config("interactions").get_models()
        if any(field.related_model is Contributor for field in model._meta.get_fields())
    }
    # One entry speaks of all answers.
    personal -= {"interactions.promptenrolment", "interactions.measureanswer"}
    assert personal <= described


def test_a_person_gets_all_they_told(phone: Phone) -> None:
    person = phone.device.contributor
    place = PlaceFactory.create(name="Rowan Library")
    InteractionFactory.create(contributor=person, place=place, tie="new")
    DifficultyFactory.create(contributor=person)
    InteractionFactory.create()
    exported = export_person(by=person, person=person)["interactions"]
    [moment] = exported["moments"]
    assert (moment["place__name"], moment["tie"]) == ("Rowan Library", "new")
    [difficulty] = exported["difficulties"]
    assert difficulty["reasons"] == ["no_time"]


def test_a_user_gets_what_their_contributor_told() -> None:
    user = UserFactory.create()
    InteractionFactory.create(contributor=ContributorFactory.create(user=user))
    assert len(export_person(by=user, person=user)["interactions"]["moments"]) == 1


def test_an_erased_person_is_nowhere_and_stays_so(phone: Phone, area: Area) -> None:
    id_, body = uuid.uuid4(), moment_at(area)
    phone.put(id_, body)
    person = phone.device.contributor
    DifficultyFactory.create(contributor=person)
    HomeArea.objects.create(contributor=person, area=area)
    tasks.sweep()
    assert ContributorMonth.objects.exists()
    erase_person(by=person, person=person)
    assert not Interaction.objects.exists()
    assert not Difficulty.objects.exists()
    assert not ContributorMonth.objects.exists()
    tasks.sweep()
    assert not ContributorMonth.objects.exists()
    # The copy that still waits on the phone arrives late.
    assert phone.put(id_, body).status_code == 410
    assert not Interaction.objects.exists()
    with connection.cursor() as cursor:
        for model in apps.get_app_config("interactions").get_models():
            table = model._meta.db_table
            cursor.execute(
                f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s", [f"%{person.pk}%"]
            )
            assert cursor.fetchone() == (0,), table


def test_a_user_holds_nothing_here_by_themselves() -> None:
    assert erase(UserFactory.create()) == 0


def test_merging_hands_everything_on_once() -> None:
    keep, gone = ContributorFactory.create_batch(2)
    area, other = NeighbourhoodFactory.create_batch(2)
    InteractionFactory.create(contributor=gone)
    DifficultyFactory.create(contributor=gone)
    HomeArea.objects.create(contributor=gone, area=area)
    PromptEnrolment.objects.create(contributor=keep)
    PromptEnrolment.objects.create(contributor=gone)
    merge(keep, gone)
    assert Interaction.objects.get().contributor == keep
    assert Difficulty.objects.get().contributor == keep
    assert HomeArea.objects.get(contributor=keep).area == area
    assert PromptEnrolment.objects.filter(contributor=keep).count() == 1
    HomeArea.objects.create(contributor=gone, area=other)
    merge(keep, gone)
    assert HomeArea.objects.get(contributor=keep).area == area


def test_one_person_answers_once(make_answers: Any) -> None:
    keep, gone = ContributorFactory.create_batch(2)
    make_answers(keep, prompts=[1], measures=["2026-01-01"], value=1)
    make_answers(gone, prompts=[1, 2], measures=["2026-01-01", "2026-04-01"], value=2)
    merge(keep, gone)
    answers = PromptAnswer.objects.filter(contributor=keep).order_by("prompt_id")
    assert [answer.gave for answer in answers] == [1, 2]
    told = MeasureAnswer.objects.filter(contributor=keep).order_by("quarter_on")
    assert [answer.value for answer in told] == [1, 2]


@pytest.fixture
def make_answers() -> Any:
    import datetime as dt

    from connections.interactions.models import Measure, Prompt
    from tests.factories import OrganisationFactory

    measure = Measure.objects.create(
        area=NeighbourhoodFactory.create(),
        number=1,
        question="Is there somewhere to sit?",
        scale=Measure.Scale.ZERO_TO_TEN,
        proposed_by=OrganisationFactory.create(),
        author="The tenants' hall",
    )

    def make(person: Contributor, *, prompts: list[int], measures: list[str], value: int) -> None:
        for month in prompts:
            prompt, _ = Prompt.objects.get_or_create(
                month_on=dt.date(2026, month, 1), asked_on=dt.date(2026, month, 9)
            )
            PromptAnswer.objects.create(
                prompt=prompt, contributor=person, gave=value, is_in_window=True
            )
        for quarter in measures:
            MeasureAnswer.objects.create(
                measure=measure, contributor=person, quarter_on=quarter, value=value
            )

    return make


def test_what_was_kept_long_enough_goes_by_itself(phone: Phone) -> None:
    person = phone.device.contributor
    now = timezone.now()
    consent = ConsentRecord.objects.create(
        subject=subject_of(person), purpose="story", wording_version="1", language="en-gb"
    )
    for days, state in ((91, "declined"), (89, "declined"), (400, "published")):
        Story.objects.create(
            contributor=person,
            consent=consent,
            area=NeighbourhoodFactory.create(),
            month_on=dt.date(2025, 1, 1),
            text="Three doors opened.",
            language="en-gb",
            state="declined" if state == "declined" else "offered",
            created_at=now - dt.timedelta(days=days),
        )
    for days in (420, 300):
        Thank.objects.create(
            place=PlaceFactory.create(),
            text="Tea.",
            language="en-gb",
            month_on=(now - dt.timedelta(days=days)).date().replace(day=1),
        )
    PromptMail.objects.create(
        contributor=person,
        ciphertext=encrypt("late@example.org"),
        language="en-gb",
        code_sent_at=now - dt.timedelta(days=8),
    )
    report = apply_retention(now=now)
    assert report.counts["interactions.declined_stories"] == 1
    assert report.counts["interactions.thanks"] == 1
    assert report.counts["interactions.addresses"] == 1
    assert (Story.objects.count(), Thank.objects.count()) == (2, 1)
    assert sum(apply_retention(now=now).counts.values()) == 0
