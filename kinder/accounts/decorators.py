"""What a view may ask of its visitor before it runs."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponseBase

from kinder.accounts.proving import ask_for_proof, is_proven
from kinder.accounts.rules import Actor

View = TypeVar("View", bound=Callable[..., Any])


def reauthenticated(
    *, check: Callable[[Actor], object] | None = None, allow_get: bool = False
) -> Callable[[View], View]:
    """Ask the visitor to show once more who they are, unless they did in the last five minutes.

    A form that was sent is kept and goes on after that. With `allow_get` looking at the page is
    free and only sending asks. `check` raises Refused for whoever may not do it anyway: nobody is
    asked for a code and then turned away. Where that hangs on a thing, the view finds it first and
    calls what is decorated.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def ask(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_looking = allow_get and request.method in ("GET", "HEAD")
            if check is not None and not is_looking:
                check(request.user)
            if not is_looking and not is_proven(request):
                return ask_for_proof(request)
            return cast("HttpResponseBase", view(request, *args, **kwargs))

        return cast("View", ask)

    return decorate
