"""Tiles before everything that depends on who asks."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import resolve

GetResponse = Callable[[HttpRequest], HttpResponseBase]

TILES = "/tiles/"


class TilesMiddleware:
    """Answers tiles before sessions, languages and sign-in are looked at.

    They are the same for everybody, a map asks for dozens at once, and the rest of the way costs
    more than the tile.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(TILES):
            return self.get_response(request)
        request.resolver_match = found = resolve(request.path_info)
        answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        return answer
