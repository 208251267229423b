"""The published files of Scotland, and real extracts, come in as docs/imports.md says."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from places.exchange.models import ImportBatch, ImportIssue
from places.exchange.osm import keep_hours
from places.models import Area, AreaAncestor, AreaTile, Deprivation, Place, PlaceName, Postcode
from places.vocabulary import PlaceKind
from tests.exchange.files import last_batch, last_counts, run
from tests.exchange.test_documentation import documented_commands

pytestmark = pytest.mark.django_db


def _follow(heading: str, sample_data: Path) -> list[tuple[int, int, int, int, int]]:
    """Run the commands of a section; return what each created, changed, kept, mended, rejected."""
    counts = []
    for command, *words in documented_commands(heading):
        path, *options = (word.replace("$DATA", str(sample_data)) for word in words)
        run(command, Path(path), *options)
        batch = last_batch()
        counts.append((batch.created, batch.changed, batch.unchanged, batch.mended, batch.rejected))
    return counts


def test_scotland_comes_in_whole_and_a_repeat_changes_nothing(sample_data: Path) -> None:
    section = "Scotland, from published files"
    assert _follow(section, sample_data) == [
        (32, 0, 0, 0, 0),
        (1_279, 0, 0, 12, 0),
        (6_976, 0, 0, 10, 0),
        (6_976, 0, 0, 0, 0),
        (6_976, 0, 0, 0, 0),
        (158_686, 0, 0, 0, 0),
        (6_283, 0, 0, 0, 0),
    ]
    mended = ImportIssue.objects.filter(reason__startswith="boundary mended: ")
    assert mended.count() == Area.objects.filter(is_mended=True).count() == 22
    levels = dict(Area.objects.values_list("level").annotate(Count("id")).order_by())
    assert levels == {"council": 32, "intermediate": 1_279, "zone": 6_976}
    assert AreaAncestor.objects.filter(area__level="zone", depth=2).count() == 6_976
    assert set(AreaTile.objects.values_list("level", flat=True).distinct()) == set(levels)
    assert Postcode.objects.count() == 158_686
    assert PlaceName.objects.filter(area=None).count() < 10

    with (sample_data / "indicators" / "scotland_dz2011_population.csv").open() as file:
        residents = sum(int(row["mid_2021_total"]) for row in csv.DictReader(file))
    for level in levels:
        sums = Area.objects.filter(level=level).aggregate(Sum("population"), Sum("adults"))
        assert sums["population__sum"] == residents
        assert sums["adults__sum"] == pytest.approx(residents * 0.83, rel=0.001)
    zone = Area.objects.get(code="S01006506")
    assert (zone.name, zone.population, zone.adults) == ("Culter - 01", 863, 716)
    assert (zone.deprivation_rank, zone.deprivation_decile) == (4_691, 7)
    assert list(zone.ancestors.order_by("depth").values_list("ancestor__code", flat=True)) == [
        "S01006506", "S02001236", "S12000033",
    ]  # fmt: skip

    assert [counts[:3] for counts in _follow(section, sample_data)] == [
        (0, 0, 32),
        (0, 0, 1_279),
        (0, 0, 6_976),
        (0, 0, 6_976),
        (0, 0, 6_976),
        (0, 0, 158_686),
        (0, 0, 6_283),
    ]


def test_glasgow_comes_in_under_either_code(sample_data: Path) -> None:
    section = "Glasgow alone, at full detail"
    assert _follow(section, sample_data) == [
        (1, 0, 0, 0, 0),
        (136, 0, 0, 0, 0),
        (746, 0, 0, 0, 0),
        (746, 0, 0, 0, 0),
        (746, 0, 0, 0, 6_230),
        (15_726, 0, 0, 0, 0),
        (6_283, 0, 0, 0, 0),
    ]
    glasgow = Area.objects.get(level="council")
    assert glasgow.code == "S12000049"
    assert list(glasgow.aliases.values_list("code", flat=True)) == ["S12000046"]
    zone = Area.objects.get(code="S01009758")
    # 70 of them are younger than 16.
    assert (zone.population, zone.adults) == (583, 513)
    sums = Area.objects.filter(level="zone").aggregate(Sum("population"), Sum("adults"))
    assert (glasgow.population, glasgow.adults) == (
        sums["population__sum"], sums["adults__sum"],
    )  # fmt: skip
    assert Deprivation.objects.count() == 746


def test_deprivation_of_the_middle_level_that_is_not_there_is_rejected(sample_data: Path) -> None:
    _follow("Glasgow alone, at full detail", sample_data)
    run(
        "import_areas", sample_data / "boundaries" / "scotland_council_areas.geojson",
        "--geography", "glasgow-2011", "--level", "council", "--code", "council_code",
        "--name", "council_name",
    )  # fmt: skip
    assert last_counts() == (31, 1, 0)
    assert Area.objects.filter(level="zone", ancestors__ancestor__code="S12000049").count() == 746


def test_norwich_lists_every_feature_that_is_no_place(sample_data: Path) -> None:
    path = sample_data / "places" / "osm_norwich_2019.geojson"
    features = json.loads(path.read_text())["features"]
    run("import_places", path)
    batch = last_batch()
    assert batch.created + batch.rejected == len(features) == 3_557
    assert batch.created == Place.objects.count() > 1_400
    rejected = ImportIssue.objects.filter(batch=batch, is_rejected=True)
    assert rejected.values("row").distinct().count() == batch.rejected
    assert not rejected.filter(reason="").exists()
    cafes = [
        feature["properties"]
        for feature in features
        if feature["properties"].get("amenity") == "cafe" and feature["properties"].get("name")
    ]
    kinds = Counter(Place.objects.values_list("kind", flat=True))
    # A few are bakeries or bars as well, which come first, or are no longer in use.
    assert len(cafes) - 5 < kinds[PlaceKind.CAFE] < len(cafes)
    assert kinds[PlaceKind.PUB] > 150
    assert Place.objects.exclude(opening_hours="").count() > 400
    assert not Place.objects.filter(name="").exists()
    run("import_places", path)
    assert last_counts() == (0, 0, batch.created)


def test_real_hours_come_in_as_hours_or_as_their_own_words(sample_data: Path) -> None:
    with (sample_data / "opening_hours" / "osm_real_values_ODbL.csv").open() as file:
        values = {row["opening_hours"] for row in csv.DictReader(file)}
    kept = {value: keep_hours(value) for value in values}
    words = {value: hours.text for value, hours in kept.items() if hours.is_unread}
    assert (len(values), len(words)) == (1_439, 29)
    assert all(text == " ".join(value.split()) for value, text in words.items())
    assert all(hours.text for hours in kept.values())
    assert all(hours.weekly is None for hours in kept.values() if hours.is_unread)


def test_helsinki_comes_from_its_pbf_and_broken_outlines_are_listed(sample_data: Path) -> None:
    path = sample_data / "places" / "osm_helsinki_centre.osm.pbf"
    run("import_places", path)
    batch = last_batch()
    assert batch.created > 600
    references = Place.objects.values_list("source_ref", flat=True)
    assert {reference.split("/")[0] for reference in references} == {"node", "way", "relation"}
    reasons = Counter(
        reason.partition(": ")[0]
        for reason in ImportIssue.objects.filter(batch=batch).values_list("reason", flat=True)
    )
    assert reasons["broken shape, or parts of it lie outside the extract"] > 10
    assert reasons["a refuge, hostel or home is never imported"] == 3
    assert not ImportIssue.objects.filter(reason__contains="traffic_signals").exists()
    run("import_places", path)
    assert last_counts() == (0, 0, batch.created)
    assert ImportBatch.objects.count() == 2
