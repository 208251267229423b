"""Who acts is known to the database inside acting(), and to nobody after it."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.test import RequestFactory

from kinder.accounts.acting import Purpose, acting, acting_as_visitor
from kinder.accounts.models import User
from tests.factories.accounts import make_user


def read() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('kinder.user_id', true), ''),"
            " coalesce(current_setting('kinder.purpose', true), '')"
        )
        user_id, purpose = cursor.fetchone()
    return user_id, purpose


def divide_by_zero() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")


@pytest.mark.django_db
def test_inside_the_database_knows_the_user_and_afterwards_nobody() -> None:
    user = make_user()
    assert read() == ("", "")
    with acting(user=user):
        assert read() == (str(user.pk), "")
    assert read() == ("", "")


@pytest.mark.django_db
def test_nested_uses_replace_and_restore() -> None:
    one, two = make_user(), make_user()
    with acting(user=one):
        with acting(purpose=Purpose.ERASE):
            assert read() == ("", "erase")
            with acting(user=two):
                assert read() == (str(two.pk), "")
            assert read() == ("", "erase")
        assert read() == (str(one.pk), "")


@pytest.mark.django_db
def test_an_exception_in_a_nested_use_restores_the_outer_one() -> None:
    user = make_user()
    with acting(user=user):
        with pytest.raises(LookupError), acting(purpose=Purpose.SWEEP):
            raise LookupError
        assert read() == (str(user.pk), "")


@pytest.mark.django_db
def test_a_database_error_in_a_nested_use_restores_the_outer_one() -> None:
    user = make_user()
    with acting(user=user):
        with pytest.raises(DatabaseError), acting(purpose=Purpose.SWEEP):
            divide_by_zero()
        assert read() == (str(user.pk), "")


@pytest.mark.django_db
def test_a_caught_error_that_broke_the_savepoint_rolls_back_quietly() -> None:
    user = make_user()
    with acting(user=user):
        with acting(purpose=Purpose.SWEEP):
            User.objects.filter(pk=user.pk).update(name="changed")
            with pytest.raises(DatabaseError), transaction.atomic(savepoint=False):
                divide_by_zero()
        assert read() == (str(user.pk), "")
    user.refresh_from_db()
    assert user.name != "changed"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_on_the_connection_after_a_commit_or_a_rollback() -> None:
    user = make_user()
    with acting(user=user):
        pass
    assert read() == ("", "")
    with pytest.raises(LookupError), acting(user=user):
        raise LookupError
    assert read() == ("", "")
    with acting(user=user):
        transaction.set_rollback(True)
    assert read() == ("", "")


@pytest.mark.django_db(transaction=True)
def test_a_hook_after_the_commit_acts_as_nobody() -> None:
    seen: list[tuple[str, str]] = []
    with acting(purpose=Purpose.RELEASE):
        transaction.on_commit(lambda: seen.append(read()))
    assert seen == [("", "")]


@pytest.mark.django_db
def test_it_takes_exactly_one_somebody() -> None:
    user = make_user()
    with pytest.raises(ValueError, match="either"), acting():
        pass
    with pytest.raises(ValueError, match="either"), acting(user=user, purpose=Purpose.ERASE):
        pass
    with pytest.raises(ValueError, match="signed in"), acting(user=AnonymousUser()):  # type: ignore[arg-type]
        pass
    with pytest.raises(ValueError, match="anything"), acting(purpose="anything"):  # type: ignore[arg-type]
        pass


def visit(user: object) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user  # type: ignore[assignment]
    return request


@pytest.mark.django_db
def test_a_view_acts_as_its_visitor_until_its_page_is_rendered() -> None:
    user = make_user()
    template = engines["django"].from_string("{{ who.0 }}")

    @acting_as_visitor
    def show(_request: HttpRequest) -> HttpResponseBase:
        # The backend's own template class resolves lazily, when the response is rendered.
        return SimpleTemplateResponse(template, {"who": read})

    response = show(visit(user))
    assert isinstance(response, HttpResponse)
    assert response.content.decode() == str(user.pk)
    assert read() == ("", "")


@pytest.mark.django_db
def test_a_view_that_streams_or_has_no_visitor_is_refused() -> None:
    @acting_as_visitor
    def stream(_request: HttpRequest) -> HttpResponseBase:
        return StreamingHttpResponse(iter([b"row"]))

    with pytest.raises(TypeError, match="streaming"):
        stream(visit(make_user()))
    with pytest.raises(ValueError, match="signed in"):
        stream(visit(AnonymousUser()))
