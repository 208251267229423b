"""Says to the database who acts, so that row-level security can answer by itself.

Private tables carry policies on two settings of the transaction: `kinder.user_id` (a person) and
`kinder.purpose` (a job that no person does). Where neither is set the policies show nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse

if TYPE_CHECKING:
    from kinder.accounts.models import User

P = ParamSpec("P")


class Purpose(StrEnum):
    """The jobs that may pass row-level security without a person."""

    RELEASE = "release"
    SWEEP = "sweep"
    ERASE = "erase"
    MIGRATE = "migrate"
    # May only write a resident's worry to the service on duty; reads nothing.
    WORRY = "worry"
    # Carries out what somebody wished for their own pairing: pause, go on, stop.
    OWN_WISH = "own_wish"


@contextmanager
def acting(
    *,
    user: "User | None" = None,
    purpose: Purpose | None = None,
    using: str = "default",
) -> Iterator[None]:
    """Open a transaction in which the database knows who acts; restore the former on exit.

    The settings are local to the transaction, so that a pooled connection never hands one
    person's sight to the next. Nested uses restore what the outer one had set; a user replaces an
    outer purpose and the other way round, they never add up. Exactly one of `user` and `purpose`
    must be given, and the user must be somebody, else ValueError.
    """
    if (user is None) == (purpose is None):
        raise ValueError("acting() takes either a user or a purpose.")
    if user is not None and (not user.is_authenticated or user.pk is None):
        raise ValueError("acting() needs a user who is signed in.")
    user_id = str(user.pk) if user is not None else ""
    with transaction.atomic(using=using):
        connection = connections[using]
        with connection.cursor() as cursor:
            cursor.execute(_READ)
            before = cursor.fetchone()
            cursor.execute(_SET, [user_id, Purpose(purpose).value if purpose else ""])
        # After an exception atomic() rolls back, and PostgreSQL takes the local settings back with
        # the savepoint or transaction that they were made in.
        yield
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute(_SET, [before[0] or "", before[1] or ""])


_READ = "SELECT current_setting('kinder.user_id', true), current_setting('kinder.purpose', true)"
_SET = "SELECT set_config('kinder.user_id', %s, true), set_config('kinder.purpose', %s, true)"

View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def acting_as_visitor(view: View[P]) -> View[P]:
    """Decorate a view that reads or writes private rows: it runs, and its page is rendered, in one
    transaction in which the database knows the signed-in user.

    Only such views get a transaction of their own; ATOMIC_REQUESTS would hold one open for every
    page. The view is for signed-in users. A streaming response would read after the transaction
    and find nothing, so it is refused with TypeError.
    """

    @wraps(view)
    def run_acting(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        # LoginRequiredMiddleware has turned away everybody else; acting() refuses them again.
        with acting(user=request.user):  # type: ignore[arg-type]
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            if not isinstance(response, HttpResponse):
                raise TypeError("A streaming response reads no private rows.")
            return response

    return run_acting
