"""The short road to what everybody may have: it leads nowhere else, and leaves nothing out."""

import pytest
from csp.utils import build_policy
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import translation

from kinder.accounts.middleware import OPEN_ROADS
from kinder.database import read_again
from tests.factories.accounts import make_user
from tests.factories.places import make_place
from tests.security.addresses import list_addresses
from tests.security.headers import check_headers
from tests.security.rows import ALL
from tests.security.test_every_address import ROWS

pytestmark = pytest.mark.django_db(databases=["default", "reports"])


def test_what_lies_on_the_road_is_open_to_all() -> None:
    """1.4.1: whoever asks has no session there, so nothing may depend on one."""
    on_it = [one for one in list_addresses() if one.path.startswith(OPEN_ROADS)]
    assert {road for road in OPEN_ROADS for one in on_it if one.path.startswith(road)} == set(
        OPEN_ROADS
    )
    for one in on_it:
        row = ROWS[one.name]
        assert (row.get, row.post, row.put, row.patch, row.delete) == (ALL, "", "", "", ""), one


@pytest.mark.parametrize(
    "path",
    [
        "/tiles/places/1/0/0/0.mvt",
        "/tiles/places/1/0/0/0.mvt?kind=castle",
        "/tiles/nothing",
        "/api/v1/places/",
        "/api/v1/places/?kind=castle",
        "/api/v1/places/nothing/",
        "/api/v1/placesandmore/",
        "/figures/values/?indicator=A1",
        "/figures/values/more",
    ],
)
@pytest.mark.parametrize("method", ["get", "head", "post", "options", "delete"])
def test_its_answers_carry_all_headers_and_no_cookie(path: str, method: str) -> None:
    make_place()
    for client in (Client(enforce_csrf_checks=True), signed_in()):
        client.raise_request_exception = False
        response = getattr(client, method)(path)
        check_headers(response.headers, path)
        assert response.status_code < 500
        assert not response.cookies
        assert response.headers["Content-Security-Policy"] == build_policy()


def signed_in() -> Client:
    client = Client()
    client.force_login(make_user())
    return client


def test_it_speaks_the_sites_language_whoever_was_served_before() -> None:
    client = Client()
    with translation.override("en-gb"):
        client.get("/pl/places/")
        assert translation.get_language() == "pl"
        errors = client.get("/api/v1/places/?kind=castle").json()
    assert "Select a valid choice" in errors["kind"][0]


def test_an_address_without_its_slash_is_led_on_as_everywhere() -> None:
    response = Client().get("/api/v1/places")
    assert (response.status_code, response["Location"]) == (301, "/api/v1/places/")


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_is_noticed_by_the_read_itself() -> None:
    """Django is not asked whether the connection lives: whoever reads asks a second time."""
    place = make_place()
    client = Client()
    assert client.get("/tiles/places/1/0/0/0.mvt").status_code == 200
    kill_connection()
    assert place.name.encode() in client.get("/tiles/places/1/1/0/0.mvt").content

    def ask(kept: BaseDatabaseWrapper) -> int:
        with kept.cursor() as cursor:
            cursor.execute("SELECT 1")
            return int(cursor.fetchone()[0])

    kill_connection()
    assert read_again(ask) == 1
    # What is wrong with the question itself is told at once.
    asked = []

    def ask_wrongly(kept: BaseDatabaseWrapper) -> None:
        asked.append(1)
        with kept.cursor() as cursor:
            cursor.execute("SET statement_timeout = 5")
            try:
                cursor.execute("SELECT pg_sleep(1)")
            finally:
                cursor.execute("SET statement_timeout = 0")

    with pytest.raises(OperationalError, match="statement timeout"):
        read_again(ask_wrongly)
    assert asked == [1]
    assert settings.DATABASES["default"]["CONN_HEALTH_CHECKS"]


def kill_connection() -> None:
    """End this thread's connection from outside, as a restart of the database does."""
    copy = connection.copy()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with copy.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
    copy.close()
