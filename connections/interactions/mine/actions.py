"""Writes about one's own pages: keep a diary here or none, forget this phone."""

from django.db import transaction

from kinder.accounts.models import Contributor, Device


def choose_diary(*, by: Contributor, keeps: bool) -> None:
    """Say whether “My moments” is shown on one's phones."""
    Contributor.objects.filter(pk=by.pk).update(keeps_diary=keeps)


@transaction.atomic
def forget_device(*, device: Device) -> None:
    """Delete what links a browser to a person; what they added stays, and counts.

    It holds the browser's key itself, so there is no one else to ask.
    """
    Device.objects.filter(pk=device.pk).delete()
