"""Stories, thanks and what was heard: who says yes to what, and how it is gone again."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from connections.interactions.models import Heard, Note, Response, Story, Thank
from connections.interactions.tasks import publish_stories
from connections.interactions.voices import heard as voices
from connections.interactions.voices import stories, thanks
from connections.interactions.voices.reading import read_heard, read_stories
from connections.interactions.voices.words import find_problems
from kinder.accounts.consents import current_wording, find_standing, withdraw
from kinder.accounts.encryption import encrypt
from kinder.accounts.models import Contributor, Decision, Role, User
from kinder.accounts.moderation import decide, queues_of, undo
from kinder.accounts.rules import Refused
from kinder.accounts.screening import stamp
from places.models import Area, OrganisationArea
from places.vocabulary import PlaceKind
from tests.factories import (
    CommunityFactory,
    ContributorFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    PlaceFactory,
)
from tests.factories.accounts import make_member, make_organisation, make_user
from tests.interactions.conftest import Phone, follow

pytestmark = pytest.mark.django_db(databases=["default", "reports"])
LONDON = ZoneInfo("Europe/London")


def at(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 12, tzinfo=LONDON)


@pytest.fixture
def community(db: None) -> Area:
    return CommunityFactory.create(name="Harbourside")


@pytest.fixture
def worker(db: None) -> User:
    return make_member(Role.WORKER)


@pytest.fixture
def other(db: None) -> User:
    return make_member(Role.WORKER)


def offer(by: Contributor, area: Area, text: str = "Three doors opened.") -> Story:
    moment = InteractionFactory.create(contributor=by, area=area)
    version = current_wording(stories.CONSENT).version
    return stories.offer_story(by=by, moment=moment, text=text, version=version)


def sign(story: Story, by: User) -> Decision:
    [decision] = decide(by=by, chosen={"stories": [str(story.pk)]}, verdict="accept").decisions
    return decision


class TestStories:
    def test_a_story_comes_out_with_the_next_month_after_two_have_signed(
        self, community: Area, worker: User, other: User
    ) -> None:
        author = ContributorFactory.create()
        with time_machine.travel(at(2026, 3, 20), tick=False):
            story = offer(author, NeighbourhoodFactory.create(parent=community))
            assert story.area == community
            sign(story, worker)
            publish_stories()
        with time_machine.travel(at(2026, 4, 2), tick=False):
            publish_stories()
            assert read_stories(community) == [], "one signature is not two"
            sign(story, other)
            publish_stories()
            assert read_stories(community) == [], "signed this month"
        with time_machine.travel(at(2026, 5, 1), tick=False):
            publish_stories()
            publish_stories()
        [told] = read_stories(community)
        assert (told.text, told.area, told.month_on) == (
            "Three doors opened.",
            "Harbourside",
            dt.date(2026, 3, 1),
        )

    def test_the_same_person_does_not_sign_twice(self, community: Area, worker: User) -> None:
        story = offer(ContributorFactory.create(), community)
        sign(story, worker)
        with pytest.raises(Refused):
            sign(story, worker)
        with pytest.raises(IntegrityError), transaction.atomic():
            Story.objects.filter(pk=story.pk).update(
                state="published", second_signed_by=worker, first_signed_by=worker
            )

    def test_another_wording_goes_back_to_its_author(
        self, community: Area, worker: User, other: User
    ) -> None:
        author = ContributorFactory.create()
        story = offer(author, community, "Mrs Green opened her door.")
        sign(story, worker)
        stories.reword_story(by=other, story=story, text="A neighbour opened her door.")
        with pytest.raises(Refused):
            sign(story, worker)
        with pytest.raises(Refused):
            stories.approve_story(by=author, story=story, seen="Mrs Green opened her door.")
        with pytest.raises(Refused):
            stories.approve_story(
                by=ContributorFactory.create(), story=story, seen="A neighbour opened her door."
            )
        stories.approve_story(by=author, story=story, seen="A neighbour opened her door.")
        sign(story, worker)
        sign(story, other)
        story.refresh_from_db()
        assert story.signed_at is not None

    def test_taken_back_it_is_gone_at_once_words_and_all(
        self, community: Area, worker: User, other: User
    ) -> None:
        author = ContributorFactory.create()
        with time_machine.travel(at(2026, 3, 20), tick=False):
            story, second = offer(author, community), offer(author, community, "A second one.")
            for one in (story, second):
                sign(one, worker)
                sign(one, other)
        with time_machine.travel(at(2026, 4, 1), tick=False):
            publish_stories()
            assert len(read_stories(community)) == 2
            stories.withdraw_story(by=author, story=story)
            assert [told.text for told in read_stories(community)] == ["A second one."]
            consent = find_standing(author, stories.CONSENT)
            assert consent is not None, "the second story still stands on it"
            withdraw(by=author, consent=consent)
        assert read_stories(community) == []
        assert not Story.objects.exclude(text="").exists()

    def test_a_refusal_and_a_signature_can_be_taken_back(
        self, community: Area, worker: User
    ) -> None:
        story = offer(ContributorFactory.create(), community)
        decision = sign(story, worker)
        undo(by=worker, decision_id=decision.pk)
        [refusal] = decide(
            by=worker,
            chosen={"stories": [str(story.pk)]},
            verdict="refuse",
            reason=Decision.Reason.values[0],
        ).decisions
        story.refresh_from_db()
        assert story.state == Story.State.DECLINED
        undo(by=worker, decision_id=refusal.pk)
        story.refresh_from_db()
        assert (story.state, story.first_signed_by) == (Story.State.OFFERED, None)

    def test_five_stand_at_a_time(self, community: Area) -> None:
        author = ContributorFactory.create()
        for _ in range(5):
            offer(author, community)
        with pytest.raises(Refused):
            offer(author, community)

    def test_the_pages_from_the_note_to_taking_it_back(
        self, phone: Phone, community: Area, worker: User
    ) -> None:
        moment = InteractionFactory.create(contributor=phone.device.contributor, area=community)
        Note.objects.create(interaction=moment, ciphertext=encrypt("Somebody kept my seat."))
        path = f"/log/{moment.pk}/share/"
        page = phone.client.get(path).content.decode()
        assert "Somebody kept my seat." in page
        version = current_wording(stories.CONSENT).version
        sent = {"text": "Call me on 0141 496 0000", "version": version, "agrees": "on"}
        refused = phone.client.post(path, sent)
        assert refused.status_code == 422
        assert "0141 496 0000" in refused.content.decode(), "nothing typed is lost"
        sent["text"] = "Somebody kept my seat."
        assert phone.client.post(path, sent | {"agrees": ""}).status_code == 422
        assert not Story.objects.exists()
        assert follow(phone.client.post(path, sent)) == "/my/shared/"
        story = Story.objects.get()
        desk = Client()
        desk.force_login(worker)
        assert "Somebody kept my seat." in desk.get("/moderation/").content.decode()
        assert desk.get(f"/stories/{story.pk}/").status_code == 200
        desk.post(f"/stories/{story.pk}/", {"text": "Somebody kept a seat."})
        mine = phone.client.get("/my/shared/").content.decode()
        assert "Yes, like this" in mine
        assert "Read it and say yes or no" in phone.client.get("/my/").content.decode()
        yes = {"story": story.pk, "do": "approve", "seen": "Somebody kept a seat."}
        follow(phone.client.post("/my/shared/", yes))
        story.refresh_from_db()
        assert story.state == Story.State.APPROVED
        follow(phone.client.post("/my/shared/", {"story": story.pk, "do": "withdraw"}))
        assert find_standing(phone.device.contributor, stories.CONSENT) is None
        assert desk.get(f"/stories/{story.pk}/").status_code == 404

    def test_nobody_elses_moment_or_story_opens(
        self, phone: Phone, other_phone: Phone, community: Area
    ) -> None:
        story = offer(phone.device.contributor, community)
        moment = InteractionFactory.create(contributor=phone.device.contributor)
        assert other_phone.client.get(f"/log/{moment.pk}/share/").status_code == 404
        for do in ("approve", "withdraw"):
            answer = other_phone.client.post("/my/shared/", {"story": story.pk, "do": do})
            assert answer.status_code == 404
        assert "Three doors" not in other_phone.client.get("/my/shared/").content.decode()


class StoryWalk(RuleBasedStateMachine):
    """Whatever authors and moderators do in whatever order, what is out was agreed to."""

    def __init__(self) -> None:
        super().__init__()
        self.sign_number = 0
        self.now = at(2026, 1, 10)
        self.author = ContributorFactory.create()
        self.people = [make_member(Role.WORKER) for _ in range(3)]
        area = CommunityFactory.create()
        with time_machine.travel(self.now, tick=False):
            self.story = offer(self.author, area)
        self.agreed = {self.story.text}

    def attempt(self, deed: Any) -> None:
        with time_machine.travel(self.now, tick=False):
            try:
                with transaction.atomic():
                    deed()
            except Refused:
                pass
        self.story.refresh_from_db()

    @rule(who=st.integers(0, 2), verdict=st.sampled_from(["accept", "refuse"]))
    def look_at(self, who: int, verdict: str) -> None:
        chosen = {"stories": [str(self.story.pk)]}
        reason = Decision.Reason.values[0] if verdict == "refuse" else ""
        self.attempt(
            lambda: decide(by=self.people[who], chosen=chosen, verdict=verdict, reason=reason)
        )

    @rule(who=st.integers(0, 2))
    def take_back_the_last(self, who: int) -> None:
        last = Decision.objects.order_by("-decided_at", "-pk").first()
        if last:
            self.attempt(lambda: undo(by=self.people[who], decision_id=last.pk))

    @rule(who=st.integers(0, 2))
    def reword(self, who: int) -> None:
        self.sign_number += 1
        text = f"Wording {self.sign_number}"
        self.attempt(lambda: stories.reword_story(by=self.people[who], story=self.story, text=text))

    @rule()
    def approve(self) -> None:
        seen = self.story.text
        before = self.story.state
        self.attempt(lambda: stories.approve_story(by=self.author, story=self.story, seen=seen))
        if before == Story.State.EDITED and self.story.state == Story.State.APPROVED:
            self.agreed.add(seen)

    @rule()
    def withdraw(self) -> None:
        self.attempt(lambda: stories.withdraw_story(by=self.author, story=self.story))

    @rule(days=st.integers(1, 40))
    def time_goes_by(self, days: int) -> None:
        self.now += dt.timedelta(days=days)
        self.attempt(stories.publish_batch)

    @invariant()
    def what_is_out_was_agreed_to_and_signed_by_two(self) -> None:
        story = self.story
        if story.state == Story.State.PUBLISHED:
            assert story.text in self.agreed
            assert story.first_signed_by_id != story.second_signed_by_id
            assert None not in (story.first_signed_by_id, story.second_signed_by_id)
            assert story.signed_at is not None
            assert story.published_on is not None
            assert story.signed_at.astimezone(LONDON).date() < story.published_on.replace(day=1)
        if story.state == Story.State.WITHDRAWN:
            assert story.text == ""
            assert read_stories(story.area) == []


class TestEveryWayThroughAStory(TestCase):
    def test_walks(self) -> None:
        run_state_machine_as_test(
            StoryWalk,
            settings=hypothesis_settings(max_examples=15, stateful_step_count=15, deadline=None),
        )


class TestThanks:
    def test_thanks_wait_for_a_moderator_and_go_on_the_card_of_a_month_that_is_over(
        self, phone: Phone, worker: User
    ) -> None:
        place = PlaceFactory.create(name="Rowan Library")
        with time_machine.travel(at(2026, 3, 20), tick=False):
            path = f"/places/{place.code}/thank/"
            sent = {"text": "For the chair by the window.", "asked_at": stamp(at(2026, 3, 20))}
            sent["asked_at"] = stamp(timezone.now() - dt.timedelta(seconds=30))
            answer = phone.client.post(path, sent)
            assert follow(answer) == f"/places/{place.code}/"
            thank = Thank.objects.get()
            assert thanks.list_card(place, dt.date(2026, 3, 1)) == []
            decide(by=worker, chosen={"thanks": [str(thank.pk)]}, verdict="accept")
        card = f"/places/{place.code}/thanks/2026-03.pdf"
        with time_machine.travel(at(2026, 3, 31), tick=False):
            assert phone.client.get(card).status_code == 404
        with time_machine.travel(at(2026, 4, 1), tick=False):
            assert phone.client.get(card).content.startswith(b"%PDF")
            follow(phone.client.post("/my/shared/", {"thank": thank.pk}))
            assert phone.client.get(card).status_code == 404

    def test_a_place_that_says_too_much_keeps_nobody(self, phone: Phone) -> None:
        place = PlaceFactory.create(kind=PlaceKind.HEALTH)
        thanks.send_thanks(by=phone.device.contributor, place=place, text="For the patience.")
        assert Thank.objects.get().contributor is None
        assert (
            b"keep nothing that leads to you"
            in phone.client.get(f"/places/{place.code}/thank/").content
        )

    def test_nobody_takes_back_anothers(self, phone: Phone, other_phone: Phone) -> None:
        place = PlaceFactory.create()
        thank = thanks.send_thanks(by=phone.device.contributor, place=place, text="Tea.")
        other_phone.client.post("/my/shared/", {"thank": thank.pk})
        assert Thank.objects.exists()

    def test_a_refused_one_can_wait_again(self, phone: Phone, worker: User) -> None:
        thank = thanks.send_thanks(
            by=phone.device.contributor, place=PlaceFactory.create(), text="Tea."
        )
        [decision] = decide(
            by=worker,
            chosen={"thanks": [str(thank.pk)]},
            verdict="refuse",
            reason=Decision.Reason.values[0],
        ).decisions
        undo(by=worker, decision_id=decision.pk)
        thank.refresh_from_db()
        assert thank.state == Thank.State.OFFERED


class TestHeard:
    @pytest.fixture
    def local(self, community: Area) -> User:
        organisation = make_organisation("Harbour Neighbours")
        OrganisationArea.objects.create(organisation=organisation, area=community)
        return make_member(Role.WORKER, organisation)

    def test_who_works_there_tells_it_and_hides_it(
        self, community: Area, local: User, worker: User
    ) -> None:
        with pytest.raises(Refused):
            voices.tell_heard(by=worker, area=community, text="Buses end.", heard_from_3=True)
        with pytest.raises(Refused):
            voices.tell_heard(by=local, area=community, text="Buses end.", heard_from_3=False)
        told = voices.tell_heard(by=local, area=community, text="Buses end.", heard_from_3=True)
        done = voices.answer_heard(
            by=local, heard=told, text="We share lifts.", organisation=None, done_on=dt.date.today()
        )
        [said] = read_heard(community)
        assert [did.text for did in said.done] == ["We share lifts."]
        voices.hide_response(by=local, response=done)
        assert read_heard(community)[0].done == ()
        voices.hide_heard(by=local, heard=told)
        assert read_heard(community) == []
        voices.show_heard(by=local, heard=told)
        assert community.parent is not None
        assert read_heard(community.parent) != []

    def test_the_pages(self, community: Area, local: User, worker: User) -> None:
        client, stranger = Client(), Client()
        client.force_login(local)
        stranger.force_login(worker)
        path = f"/areas/{community.code}/heard/"
        assert stranger.get(path).status_code == 403
        assert client.post(path, {"text": "Buses end before the choir."}).status_code == 422
        sent = {"text": "Ring 0141 496 0000", "heard_from_3": "on", "names_no_one": "on"}
        assert client.post(path, sent).status_code == 422
        sent["text"] = "Buses end before the choir."
        assert client.post(path, sent).status_code == 303
        heard = Heard.objects.get()
        assert heard.signed_by == local
        answer = f"/heard/{heard.pk}/answer/"
        tomorrow = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
        assert client.post(answer, {"text": "Lifts.", "done_on": tomorrow}).status_code == 422
        done = {"text": "Neighbours share lifts.", "done_on": timezone.localdate().isoformat()}
        assert client.post(answer, done).status_code == 303
        page = Client().get(f"/areas/{community.code}/").content.decode()
        assert "Buses end before the choir." in page
        assert "Neighbours share lifts." in page
        response = Response.objects.get()
        client.post(f"/heard/responses/{response.pk}/change/", {"do": "hide"})
        client.post(f"/heard/{heard.pk}/change/", {"do": "hide"})
        assert "Buses end" not in Client().get(f"/areas/{community.code}/").content.decode()
        assert stranger.post(f"/heard/{heard.pk}/change/", {"do": "show"}).status_code == 403

    def test_a_name_stops_it_until_somebody_says_that_it_is_none(
        self, community: Area, local: User
    ) -> None:
        client = Client()
        client.force_login(local)
        path = f"/areas/{community.code}/heard/"
        sent = {"heard_from_3": "on", "names_no_one": "on"}
        ticked = {"keep_names": "on"}
        page = client.get(path).content.decode()
        assert "These words name nobody" not in page
        named = sent | {"text": "Morag McLeod on Rope Walk feels alone."}
        response = client.post(path, named)
        assert response.status_code == 422
        page = response.content.decode()
        assert "Morag McLeod" in page
        assert "everybody will read this" in page
        assert "These words name nobody" in page
        assert not Heard.objects.exists()
        # The place itself names nobody, and what leads to somebody stops it whatever is ticked.
        harbour = sent | {"text": f"Buses to {community.name} end early."}
        assert client.post(path, harbour).status_code == 303
        called = sent | ticked | {"text": "Ring Morag on 0141 496 0000."}
        assert client.post(path, called).status_code == 422
        assert client.post(path, named | ticked).status_code == 303
        answer = f"/heard/{Heard.objects.earliest('pk').pk}/answer/"
        done = {"text": "Morag McLeod drives.", "done_on": timezone.localdate().isoformat()}
        response = client.post(answer, done)
        assert response.status_code == 422
        assert "These words name nobody" in response.content.decode()
        assert client.post(answer, done | ticked).status_code == 303

    def test_signs_that_turn_the_words_around_are_taken_out(
        self, community: Area, local: User
    ) -> None:
        client = Client()
        client.force_login(local)
        sent = {"heard_from_3": "on", "names_no_one": "on"}
        path = f"/areas/{community.code}/heard/"
        client.post(path, sent | {"text": "Buses \u202eend\u2066 early\u0007."})
        assert Heard.objects.get().text == "Buses end early."


def test_queues_are_open_to_workers_alone(db: None, worker: User) -> None:
    assert {"stories", "thanks"} <= {queue.name for queue in queues_of(worker)}
    for user in (make_user(), make_member(Role.FUNDER), make_member(Role.MEMBER)):
        assert not {"stories", "thanks"} & {queue.name for queue in queues_of(user)}


@pytest.mark.parametrize(
    "text",
    [
        "Write to ann@example.org",
        "I am @harbour_ann",
        "See www.example.org/ann",
        "It was at G51 3SN",
        "ring 07700 900123",
        "ring +44 141 496 0000",
    ],
)
def test_what_leads_to_a_person_is_stopped(text: str) -> None:
    assert find_problems(text)


@pytest.mark.parametrize(
    "text", ["Soup at 12.30 on the 3rd.", "The 38 was late, we waited 20 minutes.", "C'était bien"]
)
def test_what_does_not_is_not(text: str) -> None:
    assert find_problems(text) == []
