"""Every address of the resolver, for tests that must miss none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """A route with its full pattern and its name; `is_plain` when it takes no argument."""

    route: str
    name: str
    view: Any
    is_plain: bool

    @property
    def path(self) -> str:
        return "/" + self.route


def list_addresses() -> list[Address]:
    """Return every address once, in the resolver's order."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, route: str, space: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        here = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            # The language prefix of i18n_patterns: English has none.
            here = "" if pattern.pattern.__class__.__name__ == "LocalePrefixPattern" else here
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern, route + here, inner)
        elif isinstance(pattern, URLPattern):
            whole = route + here
            is_plain = not any(sign in whole for sign in "<(^$\\")
            yield Address(whole, f"{space}{pattern.name or ''}", pattern.callback, is_plain)
