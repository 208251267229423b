"""What a view may ask of its visitor before it runs."""

from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.decorators import reauthentication_required

View = TypeVar("View", bound=Callable[..., Any])


def reauthenticated(*, allow_get: bool = False) -> Callable[[View], View]:
    """Ask the visitor to show once more who they are, unless they did in the last five minutes.

    A form that was sent is kept and goes on after that. With `allow_get` looking at the page is
    free and only sending asks.
    """

    def decorate(view: View) -> View:
        asking: View = reauthentication_required(view, allow_get=allow_get)
        return asking

    return decorate
