"""What somebody keeps for themselves: views under a name, keys for machines."""

import secrets
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from django.db import transaction
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from connections.reports import reading
from connections.reports.models import ApiKey, FigureView, ReportRequest
from connections.reports.rules import MAX_KEYS, MAX_VIEWS, check_may_add, check_owns
from connections.reports.vocabulary import Scope
from kinder.accounts import audit
from kinder.accounts.fingerprints import fingerprint, fingerprints
from kinder.accounts.models import User
from kinder.accounts.rules import Refused
from places.models import Area

LISTED = 100
KEY_START = "kinder_"
KEY_BYTES = 32
_USE = "api-key"


def list_requests(user: User) -> list[tuple[ReportRequest, str]]:
    """Return the reports that `user` asked for and that are still kept, the newest first, each with
    the title they gave it or the names of its areas: two queries."""
    requests = list(
        user.report_requests.filter(report__expires_at__gt=timezone.now()).select_related(
            "report__release"
        )[:LISTED]
    )
    codes = {code for item in requests for code in item.report.asked.areas}
    named = {
        (geography, code): name
        for geography, code, name in Area.objects.using(reading.READER)
        .filter(code__in=codes)
        .values_list("geography", "code", "name")
    }

    def name(item: ReportRequest) -> str:
        asked, geography = item.report.asked, item.report.release.geography_id
        return asked.title or ", ".join(named.get((geography, code), code) for code in asked.areas)

    return [(item, name(item)) for item in requests]


@transaction.atomic
def save_view(*, by: User, name: str, address: str) -> FigureView:
    """Keep an address of released figures under a name; the same name is replaced.

    Raises Refused for an address that is none of the figures' pages, or for too many.
    """
    path = urlsplit(address)
    try:
        match = resolve(path.path)
    except Resolver404 as error:
        raise Refused(_("This page cannot be kept.")) from error
    if path.scheme or path.netloc or match.app_name != "reports":
        raise Refused(_("This page cannot be kept."))
    kept = by.figure_views.filter(name=name).first()
    if kept is None:
        check_may_add(by.figure_views.count(), MAX_VIEWS)
        kept = FigureView(user=by, name=name)
    kept.address = address
    kept.save()
    return kept


def remove_view(*, by: User, view: FigureView) -> None:
    """Forget a kept address. Raises Refused for somebody else's."""
    check_owns(by, view.user_id)
    view.delete()


@transaction.atomic
def add_key(*, by: User, name: str, scopes: Iterable[Scope]) -> tuple[ApiKey, str]:
    """Return a new key's row and the key itself, which is shown once and kept nowhere.

    Raises Refused for too many.
    """
    check_may_add(by.api_keys.filter(revoked_at__isnull=True).count(), MAX_KEYS)
    text = KEY_START + secrets.token_urlsafe(KEY_BYTES)
    key = ApiKey.objects.create(
        user=by,
        name=name,
        scopes=[item.value for item in Scope if item in set(scopes)],
        key_hmac=hash_key(text),
        start=text[:12],
    )
    audit.record("add_api_key", key, by=by, scopes=key.scopes)
    return key, text


@transaction.atomic
def revoke_key(*, by: User, key: ApiKey) -> None:
    """End a key for good; calling again changes nothing. Raises Refused for somebody else's."""
    check_owns(by, key.user_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit.record("revoke_api_key", key, by=by)


def find_key(text: str) -> ApiKey | None:
    """Return the standing key that `text` is, and note the day of its use."""
    if not text.startswith(KEY_START):
        return None
    key = (
        ApiKey.objects.select_related("user")
        .filter(
            key_hmac__in=fingerprints(_USE, text.encode()),
            revoked_at__isnull=True,
            user__is_active=True,
        )
        .first()
    )
    if key is not None and key.last_used_on != timezone.localdate():
        # Once a day: a busy key does not write at each request.
        _note_use(key, timezone.localdate())
    return key


def _note_use(key: ApiKey, day: date) -> None:
    ApiKey.objects.filter(pk=key.pk).update(last_used_on=day)
    key.last_used_on = day


def hash_key(text: str) -> bytes:
    """Return what is kept of a key: an HMAC, of no use to whoever reads the table."""
    return fingerprint(_USE, text.encode())
