"""Says to the database who acts, so that row-level security can answer by itself.

Private tables carry policies on two settings of the transaction: `kinder.user_id` (a person) and
`kinder.purpose` (a job that no person does). Where neither is set the policies show nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import connections, transaction

if TYPE_CHECKING:
    from kinder.accounts.models import User


class Purpose(StrEnum):
    """The jobs that may pass row-level security without a person."""

    RELEASE = "release"
    SWEEP = "sweep"
    ERASE = "erase"
    MIGRATE = "migrate"


@contextmanager
def acting(
    *,
    user: "User | None" = None,
    purpose: Purpose | None = None,
    using: str = "default",
) -> Iterator[None]:
    """Open a transaction in which the database knows who acts; restore the former on exit.

    The settings are local to the transaction, so that a pooled connection never hands one
    person's sight to the next. Nested uses restore what the outer one had set. Exactly one of
    `user` and `purpose` must be given, else ValueError.
    """
    if (user is None) == (purpose is None):
        raise ValueError("acting() takes either a user or a purpose.")
    user_id = str(user.pk) if user is not None else ""
    with transaction.atomic(using=using):
        connection = connections[using]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('kinder.user_id', true),"
                " current_setting('kinder.purpose', true)"
            )
            before = cursor.fetchone()
            cursor.execute(_SET, [user_id, purpose.value if purpose else ""])
        yield
        # After an error the transaction is rolled back, and its local settings with it.
        with connection.cursor() as cursor:
            cursor.execute(_SET, [before[0] or "", before[1] or ""])


_SET = "SELECT set_config('kinder.user_id', %s, true), set_config('kinder.purpose', %s, true)"
