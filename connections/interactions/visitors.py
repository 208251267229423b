"""Who opens a resident's own page: the person of this browser, or of the account in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from kinder.accounts.actions import link_device
from kinder.accounts.devices import find_device, make_key, read_key, recognise, set_cookie
from kinder.accounts.limits import charge_log, find_network
from kinder.accounts.models import Contributor, User


@dataclass(frozen=True)
class Visitor:
    """The person who writes, and the key that their browser is to keep."""

    contributor: Contributor
    key: str

    def remember(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        set_cookie(response, request, self.key)
        return response


def find_contributor(request: HttpRequest) -> Contributor | None:
    """Return the person who looks at their own page, None for somebody who never added anything.

    Whoever is signed in sees all that they added on any device: this browser becomes one of theirs.
    """
    key = read_key(request)
    if isinstance(request.user, User):
        if key is not None and find_device(key) is not None:
            return link_device(by=request.user, key=key)
        return Contributor.objects.filter(user=request.user).first()
    device = find_device(key)
    return device.contributor if device else None


@contextmanager
def recognise_visitor(request: HttpRequest) -> Iterator[Visitor]:
    """Give the person who writes, making them where they are new; whoever is new stays only if the
    block succeeds. TooManyError where a device or a network writes by the hundred."""
    key = read_key(request) or make_key()
    charge_log(request, key)
    if isinstance(request.user, User):
        contributor = link_device(by=request.user, key=key)
        if contributor is not None:
            yield Visitor(contributor, key)
            return
    with recognise(key, network=find_network(request)) as (device, _is_first):
        yield Visitor(device.contributor, key)
