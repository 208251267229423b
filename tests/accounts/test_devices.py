"""The device cookie: who gets one, what is stored of it, and when."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from kinder.accounts.devices import (
    COOKIE,
    find_device,
    greet,
    make_key,
    read_key,
    recognise,
)
from kinder.accounts.models import Contributor, Device, NetworkSighting


def visit(rf: RequestFactory, *, secure: Any = False, **headers: str) -> Any:
    request = rf.get(
        "/log/", headers={k.replace("_", "-"): v for k, v in headers.items()}, secure=secure
    )
    response = HttpResponse()
    greet(request, response)
    return response.cookies.get(COOKIE)


def test_a_first_visit_sets_a_cookie_that_scripts_and_other_sites_cannot_use(
    rf: RequestFactory,
) -> None:
    cookie = visit(rf, sec_fetch_site="none")
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert not cookie["secure"]
    assert cookie["max-age"] == 400 * 24 * 3600
    assert len(cookie.value) == 43
    assert visit(rf, sec_fetch_site="none").value != cookie.value


def test_under_tls_the_cookie_never_travels_in_the_open(rf: RequestFactory) -> None:
    assert visit(rf, secure=True, sec_fetch_site="none")["secure"] is True


@pytest.mark.parametrize("said", [{"sec_fetch_site": "cross-site"}, {}])
def test_whoever_follows_a_link_from_elsewhere_keeps_the_cookie_they_have(
    rf: RequestFactory, said: dict[str, str]
) -> None:
    """The browser holds a Strict cookie back on such a visit: a new one would replace it."""
    assert visit(rf, **said) is None


def test_a_visit_renews_the_cookie(rf: RequestFactory) -> None:
    key = make_key()
    assert visit(rf, cookie=f"{COOKIE}={key}").value == key


def test_a_visit_alone_makes_nobody(db: None, rf: RequestFactory) -> None:
    visit(rf, sec_fetch_site="none")
    assert not Contributor.objects.exists()


@pytest.mark.parametrize("value", ["", "x", "x" * 42, "x" * 44, "x" * 42 + "'", "x" * 42 + "\n"])
def test_what_we_could_not_have_made_is_no_key(rf: RequestFactory, value: str) -> None:
    request = rf.get("/log/")
    request.COOKIES[COOKIE] = value
    assert read_key(request) is None


def test_the_key_itself_is_nowhere_in_the_database(db: None) -> None:
    key = make_key()
    with recognise(key, network="192.0.2.0/24") as (device, is_first):
        assert is_first
    stored = bytes(Device.objects.get().key_hmac)
    assert len(stored) == 32
    assert key.encode() not in stored
    with recognise(key, network="192.0.2.0/24") as (again, is_first):
        assert (again, is_first) == (device, False)
    assert again.contributor == device.contributor


def test_a_first_moment_that_fails_leaves_nobody(db: None) -> None:
    with pytest.raises(ValueError, match="refused"), recognise(make_key(), network=""):
        raise ValueError("refused")
    assert not Contributor.objects.exists()


def test_an_old_secret_key_still_knows_its_devices(db: None, settings: Any) -> None:
    key = make_key()
    with recognise(key, network=""):
        pass
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    assert find_device(key) == Device.objects.get()
    settings.SECRET_KEY_FALLBACKS = []
    assert find_device(key) is None


def test_the_day_is_noted_once_a_day(db: None, django_assert_num_queries: Any) -> None:
    key = make_key()
    with recognise(key, network=""):
        pass
    with time_machine.travel(timezone.now() + dt.timedelta(days=3)):
        with django_assert_num_queries(2):
            find_device(key)
        with django_assert_num_queries(1):
            find_device(key)
        assert Device.objects.get().last_seen_on == timezone.localdate()


def test_networks_of_two_quarters_cannot_be_joined(db: None) -> None:
    key = make_key()
    for now in (dt.datetime(2026, 3, 31, tzinfo=dt.UTC), dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)):
        with time_machine.travel(now), recognise(key, network="192.0.2.0/24"):
            find_device(key, network="192.0.2.0/24")
    sightings = NetworkSighting.objects.order_by("quarter_on")
    assert [s.quarter_on for s in sightings] == [dt.date(2026, 1, 1), dt.date(2026, 4, 1)]
    assert len({bytes(s.cluster_hmac) for s in sightings}) == 2
    assert b"192" not in bytes(sightings[0].cluster_hmac)
