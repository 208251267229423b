"""What must be right before Kinder starts, said with how to mend it.

The checks of the database run with `migrate` and `check --database default`, as Django's own do.
"""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections

EXTENSIONS = frozenset({"postgis", "pg_trgm", "btree_gist", "unaccent"})
ROLES = frozenset({"kinder_reports", "kinder_backup"})
RUN_ROLES = "As the cluster's superuser: psql --dbname=postgres --file=bin/roles.sql"


@register(Tags.security)
def check_encryption_keys(**_kwargs: Any) -> list[CheckMessage]:
    """Each key must be a Fernet key, or notes and concerns cannot be written."""
    hint = (
        "Make one with: python -c 'from cryptography.fernet import Fernet;"
        " print(Fernet.generate_key().decode())'. Newest first, separated by commas; losing a key"
        " loses what it encrypted."
    )
    if not settings.ENCRYPTION_KEYS:
        return [Error("KINDER_ENCRYPTION_KEYS is empty.", hint=hint, id="kinder.E001")]
    found: list[CheckMessage] = []
    for number, key in enumerate(settings.ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            text = f"Key {number} of KINDER_ENCRYPTION_KEYS is not a Fernet key."
            found.append(Error(text, hint=hint, id="kinder.E002"))
    return found


@register(Tags.security, deploy=True)
def check_demo_is_off(**_kwargs: Any) -> list[CheckMessage]:
    """A demo has well-known people in it, and must not be served to the world."""
    if not settings.IS_DEMO:
        return []
    return [
        Error(
            "KINDER_DEMO is on: its people sign in with passwords that anybody can read.",
            hint="Start from an empty database with KINDER_DEMO unset.",
            id="kinder.E003",
        )
    ]


@register(Tags.database)
def check_database(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """The extensions and roles are made at set-up; migrations only grant."""
    if "default" not in (databases or ()):
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT extname FROM pg_extension")
            extensions = {name for (name,) in cursor.fetchall()}
            cursor.execute("SELECT rolname FROM pg_roles")
            roles = {name for (name,) in cursor.fetchall()}
            cursor.execute(
                "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
            passes_policies = bool(cursor.fetchone()[0])
    except DatabaseError as error:
        text = f"The database does not answer: {str(error).splitlines()[0]}"
        hint = "Start it, or set DATABASE_URL. bin/run and bin/manage start a private one."
        return [Error(text, hint=hint, id="kinder.E004")]
    found: list[CheckMessage] = []
    if missing := sorted(EXTENSIONS - extensions):
        text = f"The database lacks the extensions {', '.join(missing)}."
        found.append(Error(text, hint=RUN_ROLES, id="kinder.E005"))
    if missing := sorted(ROLES - roles):
        text = f"The cluster lacks the roles {', '.join(missing)}."
        found.append(Error(text, hint=RUN_ROLES, id="kinder.E006"))
    if passes_policies:
        found.append(
            Error(
                "The application's role in the database passes row-level security.",
                hint="Use the role kinder in DATABASE_URL; bin/roles.sql makes it.",
                id="kinder.E007",
            )
        )
    return found


@register(Tags.caches)
def check_redis(**_kwargs: Any) -> list[CheckMessage]:
    """Redis may vanish at any moment, so this only warns."""
    from redis import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5, retry=None
    )
    try:
        client.ping()
    except (RedisError, OSError) as error:
        text = f"Redis does not answer ({type(error).__name__}): no rate limits and no due work."
        hint = "Start it, or set REDIS_URL. Pages and logs go on without it; due work waits."
        return [checks.Warning(text, hint=hint, id="kinder.W001")]
    finally:
        client.close()
    return []
