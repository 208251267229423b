"""Reports made in the background: shared, resumed, stopped, and gone once something is withdrawn."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from connections.indicators.models import Release
from connections.interactions.models import Heard, Response, Story
from connections.reports import actions, formats
from connections.reports.actions import ask_report, cancel_report, forget_reports, make_next
from connections.reports.content import Content
from connections.reports.models import AreaReport, ReportFile, ReportRequest, ReportSchedule
from connections.reports.question import Question
from connections.reports.standing import add_schedule, ask_standing_orders
from connections.reports.vocabulary import DEFAULT_SECTIONS, Format, State
from kinder.accounts.audit import subject_of
from kinder.accounts.models import ConsentRecord, Contributor
from places.models import Area
from tests.factories.accounts import make_user
from tests.factories.places import make_square
from tests.factories.releases import publish_figures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def ask(*codes: str, formats: tuple[Format, ...] = (Format.CSV,), **more: Any) -> AreaReport:
    question = Question(period="2026-Q1", areas=codes or ("X1",), language="en-gb", **more)
    return ask_report(by=None, question=question, formats=formats)


def make_all() -> int:
    count = 0
    while make_next():
        count += 1
    return count


def tell_story(area: Area, text: str = "She held the door, and we talked.") -> Story:
    person = Contributor.objects.create()
    consent = ConsentRecord.objects.create(
        subject=subject_of(person), purpose="story", wording_version="1", language="en-gb"
    )
    return Story.objects.create(
        contributor=person,
        consent=consent,
        area=area,
        month_on=dt.date(2026, 2, 1),
        text=text,
        language="en-gb",
        state=Story.State.PUBLISHED,
        approved_at=timezone.now(),
        first_signed_by=make_user(),
        second_signed_by=make_user(),
        signed_at=timezone.now(),
        published_on=dt.date(2026, 3, 1),
    )


def test_asking_by_hand_leads_to_a_page_that_tells_how_far_it_is(
    client: Client, release: Release
) -> None:
    form = {
        "areas": "X1",
        "sections": ["figures", "method"],
        "comparators": ["parent"],
        "formats": ["csv", "json"],
        "language": "en-gb",
        "title": "For the board",
    }
    asked = client.post("/reports/build/?area=X1", form)
    assert asked.status_code == 302
    page = client.get(asked["Location"]).content.decode()
    assert "Making the files" in page
    assert "0 / 2" in page
    assert make_all() == 2
    page = client.get(asked["Location"]).content.decode()
    assert "Your report is ready" in page
    assert "For the board" in page
    report = AreaReport.objects.get()
    for file_format in ("csv", "json"):
        answer = client.get(f"{asked['Location']}{file_format}/")
        assert answer.getvalue()
        made = report.files.get(format=file_format)
        assert made.content_sha256 in page
        assert answer["Content-Digest-SHA-256"] == made.content_sha256


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"areas": ""}, "Choose an area first"),
        ({"areas": "X1, NOWHERE"}, "NOWHERE"),
        ({"sections": []}, "Choose at least one part"),
        ({"formats": []}, "Choose at least one kind of file"),
        ({"formats": ["exe"]}, "exe"),
        ({"areas": ",".join(f"X{n}" for n in range(300))}, "At most 200 areas"),
    ],
)
def test_a_wrong_question_is_explained_and_nothing_typed_is_lost(
    client: Client, release: Release, change: dict[str, Any], words: str
) -> None:
    form = {
        "areas": "X1",
        "sections": ["figures"],
        "formats": ["csv"],
        "language": "en-gb",
        "title": "Kept title",
    }
    answer = client.post("/reports/build/", form | change)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert words in page
    assert "Kept title" in page
    assert not AreaReport.objects.exists()


def test_areas_may_be_named(client: Client, release: Release) -> None:
    form = {"areas": "birkhill; X1", "sections": ["figures"], "formats": ["csv"]}
    client.post("/reports/build/", form | {"language": "en-gb"})
    assert AreaReport.objects.get().asked.areas == ("X1", "X2")


def test_a_name_that_two_areas_have_asks_which_is_meant(client: Client, release: Release) -> None:
    make_square("X4", geography=release.geography, level="community", name="Birkhill")
    form = {"areas": "Birkhill", "sections": ["figures"], "formats": ["csv"]}
    answer = client.post("/reports/build/", form | {"language": "en-gb"})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Write the code of the one you mean" in page
    assert "Birkhill (Neighbourhood): X2; Birkhill (Community): X4" in page


def test_ones_own_list_names_reports_by_their_title_or_their_areas(
    client: Client, release: Release
) -> None:
    somebody = make_user()
    client.force_login(somebody)
    for title, areas in (("", ("X1", "X2")), ("For our board", ("X1",))):
        question = Question(period="2026-Q1", areas=areas, language="en-gb", title=title)
        ask_report(by=somebody, question=question, formats=[Format.CSV])
    page = client.get("/reports/mine/").content.decode()
    assert "Testshire, Birkhill" in page
    assert "For our board" in page


def test_two_who_ask_the_same_share_one_report(release: Release) -> None:
    assert ask().pk == ask().pk
    assert make_all() == 1
    assert ask().files.get().state == State.READY
    assert make_all() == 0


def test_another_title_or_section_is_another_question(release: Release) -> None:
    reports = {ask().pk, ask(title="Mine").pk, ask(sections=DEFAULT_SECTIONS[:3]).pk}
    assert len(reports) == 3


def test_the_archive_waits_for_the_files_it_is_made_of(release: Release) -> None:
    report = ask(formats=(Format.ZIP, Format.CSV, Format.PDF))
    order = []
    while make_next():
        ready = report.files.filter(state=State.READY).order_by("finished_at")
        order = list(ready.values_list("format", flat=True))
    assert order[-1] == "zip"
    assert len(order) == 3


def test_a_file_that_fails_is_tried_again_and_then_told(
    client: Client, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer is broken on purpose: a full disk, a bug, whatever it may be."""

    def break_down(_content: Content) -> bytes:
        raise OSError("No space left on device")

    report = ask()
    now = timezone.now()
    with monkeypatch.context() as broken:
        broken.setitem(formats.WRITERS, Format.CSV, break_down)
        for attempt in range(1, actions.MAX_ATTEMPTS + 1):
            assert make_next(now + dt.timedelta(minutes=attempt))
    made = report.files.get()
    assert made.state == State.FAILED
    assert not made.file
    page = client.get(f"/reports/built/{report.pk}/").content.decode()
    assert "Nothing is lost" in page
    assert client.get(f"/reports/built/{report.pk}/csv/").status_code == 404
    assert client.post(f"/reports/built/{report.pk}/again/").status_code == 302


def test_who_stops_a_report_stops_only_what_has_not_begun(client: Client, release: Release) -> None:
    report = ask(formats=(Format.CSV, Format.JSON))
    make_next()
    client.post(f"/reports/built/{report.pk}/stop/")
    assert sorted(report.files.values_list("state", flat=True)) == ["cancelled", "ready"]
    assert make_all() == 0
    assert "stopped before all files" in client.get(f"/reports/built/{report.pk}/").content.decode()
    again = client.post(f"/reports/built/{report.pk}/again/")
    assert again["Location"] == f"/reports/built/{report.pk}/"
    assert make_all() == 1


def test_nobody_stops_a_report_that_somebody_else_waits_for(release: Release) -> None:
    waiting = make_user()
    question = Question(period="2026-Q1", areas=("X1",), language="en-gb")
    report = ask_report(by=waiting, question=question, formats=[Format.CSV])
    assert cancel_report(by=None, report=report) == 0
    assert cancel_report(by=make_user(), report=report) == 0
    assert cancel_report(by=waiting, report=report) == 1


def test_one_letter_with_a_link_and_no_figure(release: Release) -> None:
    waiting = make_user()
    question = Question(period="2026-Q1", areas=("X1",), language="en-gb")
    report = ask_report(
        by=waiting, question=question, formats=[Format.CSV, Format.JSON], wants_email=True
    )
    make_next()
    assert mail.outbox == []
    make_all()
    assert make_all() == 0
    (letter,) = mail.outbox
    assert letter.to == [waiting.email]
    assert f"/reports/built/{report.pk}/" in letter.body
    assert "Testshire" not in letter.body
    assert "340" not in letter.body
    assert ReportRequest.objects.get().emailed_at is not None


def test_a_letter_goes_at_once_for_what_is_kept(
    release: Release, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    first, second = make_user(), make_user()
    question = Question(period="2026-Q1", areas=("X1",), language="en-gb")
    ask_report(by=first, question=question, formats=[Format.CSV])
    make_all()
    assert mail.outbox == []
    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            ask_report(by=second, question=question, formats=[Format.CSV], wants_email=True)
    (letter,) = mail.outbox
    assert letter.to == [second.email]


def test_asking_again_after_a_failure_keeps_the_wish_for_a_letter(
    release: Release, client: Client
) -> None:
    waiting = make_user()
    client.force_login(waiting)
    question = Question(period="2026-Q1", areas=("X1",), language="en-gb")
    report = ask_report(by=waiting, question=question, formats=[Format.CSV], wants_email=True)
    report.files.update(state=State.FAILED)
    told = "You will get an e-mail"
    assert told not in client.get(f"/reports/built/{report.pk}/").content.decode()
    page = client.post(f"/reports/built/{report.pk}/again/", follow=True).content.decode()
    assert told in page
    make_all()
    (letter,) = mail.outbox
    assert letter.to == [waiting.email]


def test_a_withdrawn_story_is_served_no_more_and_is_not_in_the_next_build(
    client: Client, release: Release
) -> None:
    story = tell_story(Area.objects.get(code="X2"))
    report = ask(formats=(Format.HTML, Format.PDF, Format.ZIP))
    make_all()
    address = f"/reports/built/{report.pk}/"
    assert story.text.encode() in client.get(f"{address}html/").getvalue()
    names = [str(made.file.name) for made in report.files.all()]
    assert all(default_storage.exists(name) for name in names)

    story.state, story.text = Story.State.WITHDRAWN, ""
    story.save()
    for path in ("", "html/", "pdf/", "zip/"):
        assert client.get(f"{address}{path}").status_code == 410
    again = client.post(f"{address}again/")
    assert again["Location"] != address
    make_all()
    assert b"held the door" not in client.get(f"{again['Location']}html/").getvalue()
    assert forget_reports() == 1
    assert not any(default_storage.exists(name) for name in names)


def test_a_consent_that_was_withdrawn_takes_the_story_out(client: Client, release: Release) -> None:
    story = tell_story(Area.objects.get(code="X2"))
    assert story.text in client.get("/reports/X1/").content.decode()
    assert story.text.encode() in client.get("/reports/X1/2026-Q1/html/").getvalue()
    story.consent.withdrawn_at = timezone.now()
    story.consent.save()
    assert story.text not in client.get("/reports/X1/").content.decode()
    assert story.text.encode() not in client.get("/reports/X1/2026-Q1/html/").getvalue()


def test_what_was_heard_stands_with_what_was_done_until_it_is_hidden(
    client: Client, release: Release
) -> None:
    heard = Heard.objects.create(
        area=Area.objects.get(code="X2"),
        text="Nowhere to sit by the river.",
        heard_from_3=True,
        signed_by=make_user(),
        month_on=dt.date(2026, 1, 1),
    )
    Response.objects.create(heard=heard, text="Two benches.", done_on=dt.date(2026, 3, 1))
    page = client.get("/reports/X2/").content.decode()
    assert "Nowhere to sit by the river." in page
    assert "Two benches." in page
    assert "Done since: Two benches." in page
    heard.hidden_at = timezone.now()
    heard.save()
    page = client.get("/reports/X2/").content.decode()
    assert "Two benches." not in page


def test_a_story_of_another_year_or_after_the_quarter_is_not_told(
    client: Client, release: Release
) -> None:
    for number, month_on in enumerate((dt.date(2025, 3, 1), dt.date(2026, 4, 1))):
        story = tell_story(Area.objects.get(code="X2"), text=f"Long ago or to come {number}")
        Story.objects.filter(pk=story.pk).update(month_on=month_on)
    assert "Long ago" not in client.get("/reports/X2/").content.decode()


def test_a_standing_order_is_made_once_for_each_release(release: Release) -> None:
    somebody = make_user()
    question = Question(period="2026-Q1", areas=("X1",), language="en-gb")
    order = add_schedule(
        by=somebody, name="Board", question=question, formats=[Format.CSV], wants_email=True
    )
    assert ask_standing_orders() == 0
    area = Area.objects.get(code="X1")
    newer = publish_figures(
        [(area, "A1", {"people": 360, "value": 30.0, "lower": 27.0, "upper": 33.0})],
        quarter_on=dt.date(2026, 4, 1),
    )
    assert ask_standing_orders() == 1
    assert ask_standing_orders() == 0
    order.refresh_from_db()
    assert order.last_release_id == newer.pk
    made = somebody.report_requests.get().report
    assert made.asked.period == "2026-Q2"
    make_all()
    assert len(mail.outbox) == 1


def test_an_order_for_an_area_that_is_gone_harms_no_other(release: Release) -> None:
    somebody = make_user()
    for code in ("GONE", "X1"):
        question = Question(period="2026-Q1", areas=(code,), language="en-gb")
        ReportSchedule.objects.create(
            user=somebody, name=code, question=question.as_data(), formats=["csv"]
        )
    assert ask_standing_orders() == 2
    assert somebody.report_requests.get().report.asked.areas == ("X1",)


def test_a_report_that_nobody_asked_for_lately_expires(release: Release) -> None:
    report = ask()
    make_all()
    name = str(report.files.get().file.name)
    later = timezone.now() + actions.KEPT + dt.timedelta(days=1)
    assert forget_reports(later, is_dry_run=True) == 1
    assert default_storage.exists(name)
    assert forget_reports(later) == 1
    assert not default_storage.exists(name)
    assert not ReportFile.objects.exists()


def test_many_areas_stand_in_the_order_of_the_alphabet(client: Client, release: Release) -> None:
    report = ask("X2", "X3", "X1", formats=(Format.HTML,))
    make_all()
    page = client.get(f"/reports/built/{report.pk}/html/").getvalue().decode()
    places = [page.index(f"<h2>{name}</h2>") for name in ("=Ashburn", "Birkhill", "Testshire")]
    assert places == sorted(places)
    assert "They are not ranked" in page


def test_a_page_that_waits_is_left_alone_until_something_moves(
    client: Client, release: Release
) -> None:
    """Else whoever stands on a button by the keyboard loses it every second."""
    report = ask(formats=(Format.CSV, Format.JSON))
    address = f"/reports/built/{report.pk}/"
    asks = {"HX-Request": "true"}
    assert client.get(f"{address}?seen=waiting-waiting-", headers=asks).status_code == 204
    make_next()
    page = client.get(f"{address}?seen=waiting-waiting-", headers=asks)
    assert page.status_code == 200
    assert "1 / 2" in page.content.decode()
    assert 'id="built-news"' in page.content.decode()
    make_all()
    assert "Your report is ready." in client.get(address, headers=asks).content.decode()


def test_who_waits_long_is_told_that_nothing_is_lost(client: Client, release: Release) -> None:
    report = ask()
    address = f"/reports/built/{report.pk}/"
    assert "longer than usual" not in client.get(address).content.decode()
    report.files.update(asked_at=timezone.now() - dt.timedelta(minutes=3))
    assert "longer than usual" in client.get(address).content.decode()
    # The page that was opened before learns of it by itself.
    asks = {"HX-Request": "true"}
    assert client.get(f"{address}?seen=waiting-", headers=asks).status_code == 200


def test_a_page_that_waits_for_what_was_withdrawn_is_loaded_anew(
    client: Client, release: Release
) -> None:
    report = ask()
    report.expires_at = timezone.now() - dt.timedelta(days=1)
    report.save()
    answer = client.get(f"/reports/built/{report.pk}/", headers={"HX-Request": "true"})
    assert answer.status_code == 410
    assert answer["HX-Refresh"] == "true"
