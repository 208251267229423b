"""Redis, where its absence means "not there", never an error and never a wait.

Redis may vanish at any moment, or hang. Whoever asks it waits a quarter of a second at most, and
then nobody in this process asks again for a while: a hung Redis costs one short wait, not one for
each request.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

logger = logging.getLogger(__name__)

REST_SECONDS = 5.0
"""How long Redis is left alone after it did not answer."""

Answer = TypeVar("Answer")


class Breaker:
    """Remembers that Redis did not answer, for this process."""

    def __init__(self) -> None:
        self._rests_until = 0.0

    @property
    def is_resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def rest(self) -> None:
        self._rests_until = time.monotonic() + REST_SECONDS

    def reset(self) -> None:
        self._rests_until = 0.0


breaker = Breaker()


def ask_redis(question: Callable[[], Answer], otherwise: Answer) -> Answer:
    """Return Redis's answer to `question`, or `otherwise` where it has none in time."""
    if breaker.is_resting:
        return otherwise
    try:
        return question()
    except (RedisError, OSError) as error:
        if isinstance(error, ConnectionError | RedisConnectionError | RedisTimeoutError | OSError):
            breaker.rest()
        logger.warning("Redis did not answer: %s", type(error).__name__)
        return otherwise


@lru_cache(maxsize=1)
def _client(url: str, timeout: float) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        # The client's own three retries would turn a quarter of a second into many.
        retry=Retry(NoBackoff(), 0),
    )


def redis_client() -> Redis:
    """Return this process's client, to be asked inside `ask_redis`."""
    return _client(settings.REDIS_URL, settings.REDIS_TIMEOUT)


class _Line(threading.local):
    """Each thread's own connection to Redis, and the process and the pool that it is of."""

    kept: tuple[int, ConnectionPool, Any] | None = None


_line = _Line()


def ask_directly(*command: str | bytes | int) -> Any:
    """Return Redis's answer to one command, to be asked inside `ask_redis`. For roads where
    borrowing a connection for each question, as the client does, costs more than the answer."""
    pool = redis_client().connection_pool
    if _line.kept is None or _line.kept[:2] != (os.getpid(), pool):
        _line.kept = os.getpid(), pool, pool.connection_class(**pool.connection_kwargs)
    line = _line.kept[2]
    try:
        # What nobody asked for is the end of it: Redis was away in between.
        is_over = line.can_read()
    except (RedisError, OSError):
        is_over = True
    if is_over:
        line.disconnect()
    line.send_command(*command)
    return line.read_response()


_BEING_MADE = b""
MAKING_SECONDS = 3.0
"""Who has not made by then what the others wait for has died, and the next one makes it."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.02


def make_once(
    key: str,
    make: Callable[[], bytes],
    *,
    seconds: int,
    before_waiting: Callable[[], object] = lambda: None,
) -> bytes:
    """Return what Redis keeps under `key`, or else what `make` makes (not empty), kept for
    `seconds`.

    Of all processes that ask at the same time one makes it, and the others wait for it; asking
    and saying that one makes it are one question. Whoever waits longer than `MAKING_SECONDS`, or
    has no Redis to ask, makes it too. What `make` raises is nobody's but the caller's;
    `before_waiting` may raise instead of waiting.
    """
    name, until, pause = f"kinder:made:{key}", time.monotonic() + MAKING_SECONDS, _FIRST_PAUSE

    def ask() -> Any:
        return ask_directly("SET", name, _BEING_MADE, "NX", "GET", "PX", int(1000 * MAKING_SECONDS))

    while (kept := ask_redis(ask, None)) == _BEING_MADE and time.monotonic() < until:
        if pause == _FIRST_PAUSE:
            before_waiting()
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    if kept:
        return bytes(kept)
    try:
        made = make()
    except BaseException:
        ask_redis(lambda: ask_directly("DEL", name), None)
        raise
    ask_redis(lambda: ask_directly("SET", name, made, "EX", seconds), None)
    return made


COUNTED = "allauth:rl:"
"""Under this django-allauth counts tries to sign in: "not there" would mean "without limit"."""


def _name_try(key: str, _prefix: str, _version: int) -> str:
    """django-allauth's keys hold network addresses: the table holds none."""
    return salted_hmac("kinder.tries", key, algorithm="sha256").hexdigest()


# The table of kinder.accounts.models.TryCount: while Redis rests, all processes count there.
_tries = DatabaseCache(
    "accounts_trycount", {"KEY_FUNCTION": _name_try, "OPTIONS": {"MAX_ENTRIES": 100_000}}
)
_MISSING = object()


def count_tries(keys: Sequence[str], amount: int, seconds: Sequence[int]) -> list[int]:
    """Add `amount` to each of `keys` in the database and return how many each has; a count is
    forgotten after its `seconds`. For what must hold for all processes while Redis rests."""
    counts = []
    for key, lasts in zip(keys, seconds, strict=True):
        with transaction.atomic(), connection.cursor() as cursor:
            # Two who count at once count two.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
            count: int = _tries.get(key, 0) + amount
            _tries.set(key, count, lasts)
        counts.append(count)
    return counts


class KeptClient(RedisCacheClient):
    """Django's client of Redis, kept: made anew for each question, as Django does, it costs more
    than what is asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients: dict[int, Redis] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        index: int = self._get_connection_pool_index(write)  # type: ignore[attr-defined]
        if index not in self._clients:
            self._clients[index] = super().get_client(key, write=write)
        return self._clients[index]


class FailSafeRedisCache(RedisCache):
    """Django's Redis cache, where a Redis that does not answer means a miss.

    Tries to sign in are counted in the database instead: signing in goes on, and the bound is the
    same for all processes.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient

    def _quietly(self, name: str, otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        is_counted = bool(args) and isinstance(args[0], str) and args[0].startswith(COUNTED)
        found = ask_redis(
            lambda: getattr(super(FailSafeRedisCache, self), name)(*args, **kwargs),
            _MISSING if is_counted else otherwise,
        )
        return getattr(_tries, name)(*args, **kwargs) if found is _MISSING else found

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._quietly("get", default, key, default, version=version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._quietly("set", None, key, value, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        # True: "nobody else holds it", so that work goes on; who must be sure asks the database.
        return bool(self._quietly("add", True, key, value, *args, **kwargs))

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        found: dict[Any, Any] = self._quietly("get_many", {}, keys, version=version)
        return found

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        failed: list[Any] = self._quietly("set_many", list(data), data, *args, **kwargs)
        return failed

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return bool(self._quietly("has_key", False, key, version=version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._quietly("delete", False, key, version=version))

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._quietly("delete_many", None, keys, version=version)

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._quietly("touch", False, key, *args, **kwargs))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self._quietly("incr", 0, key, delta, version=version))
