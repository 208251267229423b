"""The administrator reads what imports did, and changes nothing of it."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from places.exchange.models import ImportBatch, ImportIssue
from tests.exchange.files import import_level, square, write_geojson
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def test_imports_are_listed_and_cannot_be_changed(tmp_path: Path, client: Client) -> None:
    client.force_login(make_user(is_administrator=True))
    areas = [({"code": "Z1", "name": "Zone"}, square(0, 0)), ({"code": "Z2", "name": "B"}, None)]
    import_level(write_geojson(tmp_path / "zones.geojson", areas), "zone")
    listed = client.get(reverse("admin:exchange_importbatch_changelist")).content.decode()
    assert "zones.geojson" in listed
    issues = client.get(reverse("admin:exchange_importissue_changelist")).content.decode()
    assert "no readable boundary" in issues
    batch = ImportBatch.objects.get()
    page = reverse("admin:exchange_importbatch_change", args=[batch.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"source": "other"}).status_code == 403
    gone = reverse("admin:exchange_importbatch_delete", args=[batch.pk])
    assert client.post(gone, {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:exchange_importbatch_add")).status_code == 403
    assert ImportIssue.objects.count() == 1
