"""A cache that answers "not there" when Redis is gone, so that no page depends on it."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class FailSafeRedisCache(RedisCache):
    """Redis, where a lost connection means a miss, never an error."""

    def _quietly(self, name: str, otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **kwargs)
        except (RedisError, OSError) as error:
            logger.warning("Cache %s failed: %s", name, type(error).__name__)
            return otherwise

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

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._quietly("delete", False, key, version=version))

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._quietly("touch", False, key, *args, **kwargs))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self._quietly("incr", 0, key, delta, version=version))
