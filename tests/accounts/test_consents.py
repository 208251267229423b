"""A consent is to certain words; it is given once, taken back by its giver, and ends something."""

import pytest
from django.db import DatabaseError, transaction
from django.utils.translation import gettext_lazy as _

from kinder.accounts import consents
from kinder.accounts.actions import merge_contributors
from kinder.accounts.audit import subject_of
from kinder.accounts.consents import (
    NOT_THE_WORDING,
    NOT_YOURS,
    Wording,
    consents_of,
    find_standing,
    give,
    register_wording,
    tell_consents,
    withdraw,
)
from kinder.accounts.models import AuditEvent, ConsentRecord, ConsentWording
from kinder.accounts.rules import Refused
from tests.factories import ContributorFactory, UserFactory

pytestmark = pytest.mark.django_db

ended: list[ConsentRecord] = []


def word(version: str = "1", text: str = "I agree to tea.") -> None:
    register_wording(
        Wording(
            purpose="tea",
            version=version,
            label=_("Tea"),
            text=text,
            afterwards="No more tea.",
            on_withdrawal=ended.append,
        )
    )


@pytest.fixture(autouse=True)
def wordings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents, "_wordings", {})
    ended.clear()
    word()


def test_giving_keeps_the_words_the_version_and_the_language() -> None:
    person = ContributorFactory.create()
    consent = give(by=person, purpose="tea", version="1", language="pl")
    assert (consent.wording_version, consent.language) == ("1", "pl")
    assert consent.wording is not None
    assert consent.wording.text == "I agree to tea."
    assert find_standing(person, "tea") == consent
    event = AuditEvent.objects.get(verb="give_consent")
    assert event.actor_id == subject_of(person).pk
    assert event.facts == {"purpose": "tea", "version": "1", "language": "pl"}
    [told] = tell_consents(consents_of(person))
    assert (told.label, told.text, told.afterwards) == ("Tea", "I agree to tea.", "No more tea.")


def test_giving_twice_is_giving_once() -> None:
    person = ContributorFactory.create()
    assert give(by=person, purpose="tea", version="1") == give(
        by=person, purpose="tea", version="1"
    )
    assert ConsentRecord.objects.count() == ConsentWording.objects.count() == 1


def test_new_words_are_asked_for_again() -> None:
    person = ContributorFactory.create()
    first = give(by=person, purpose="tea", version="1")
    word("2", "I agree to tea and cake.")
    assert find_standing(person, "tea") is None
    with pytest.raises(Refused, match=str(NOT_THE_WORDING)):
        give(by=person, purpose="tea", version="1")
    second = give(by=person, purpose="tea", version="2")
    first.refresh_from_db()
    assert first.withdrawn_at is not None
    assert find_standing(person, "tea") == second
    assert ended == [], "what the consent allowed goes on"
    assert first.wording is not None
    assert first.wording.text == "I agree to tea."


def test_whoever_gave_it_takes_it_back_and_the_room_hears() -> None:
    person = ContributorFactory.create()
    consent = give(by=person, purpose="tea", version="1")
    with pytest.raises(Refused, match=str(NOT_YOURS)):
        withdraw(by=ContributorFactory.create(), consent=consent)
    assert withdraw(by=person, consent=consent)
    assert ended == [consent]
    assert find_standing(person, "tea") is None
    assert not withdraw(by=person, consent=consent), "a second time does nothing"
    assert ended == [consent]
    assert AuditEvent.objects.filter(verb="withdraw_consent").count() == 1


def test_a_room_that_cannot_end_it_keeps_it_standing() -> None:
    def refuse(_consent: ConsentRecord) -> None:
        raise RuntimeError

    person = ContributorFactory.create()
    consent = give(by=person, purpose="tea", version="1")
    register_wording(
        Wording(purpose="tea", version="1", label="", text="", afterwards="", on_withdrawal=refuse)
    )
    with pytest.raises(RuntimeError):
        withdraw(by=person, consent=consent)
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


def test_a_worker_notes_it_for_somebody_and_an_account_sees_its_phones() -> None:
    worker, user = UserFactory.create(), UserFactory.create()
    consent = give(by=worker, person=user, purpose="tea", version="1")
    assert consent.subject.user == user
    assert list(consents_of(worker)) == []
    phone = ContributorFactory.create(user=user)
    again = give(by=phone, purpose="tea", version="1")
    assert set(consents_of(user)) == {consent, again}
    assert withdraw(by=user, consent=again), "an account may take back what its phone gave"


def test_merging_two_phones_leaves_one_consent() -> None:
    keep, gone = ContributorFactory.create_batch(2)
    for person in (keep, gone):
        give(by=person, purpose="tea", version="1")
    merge_contributors(by=keep, keep=keep, gone=gone)
    assert consents_of(keep).filter(withdrawn_at=None).count() == 1


def test_the_database_lets_nobody_change_the_words() -> None:
    give(by=ContributorFactory.create(), purpose="tea", version="1")
    for change in (
        lambda: ConsentWording.objects.update(text="I agree to everything."),
        lambda: ConsentWording.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert ConsentWording.objects.get().text == "I agree to tea."
