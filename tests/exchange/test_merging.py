"""Communities are made of loaded areas and stand between them and what held them."""

from pathlib import Path

import pytest

from places.exchange.models import ImportBatch
from places.models import Area, AreaAncestor, AreaTile, Population
from tests.exchange.files import (
    import_level,
    last_counts,
    last_issues,
    plant,
    run,
    square,
    write_csv,
    write_geojson,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town(tmp_path: Path) -> None:
    """Two councils; N1 to N3 in the first, N4 in the second, with 1,000 to 4,000 residents."""
    plant(
        {
            "council": [("C1", "", square(0, 0, 3)), ("C2", "", square(3, 0, 1))],
            "intermediate": [
                (f"N{n}", "C1" if n < 4 else "C2", square(n - 1, 0, 1)) for n in range(1, 5)
            ],
        }
    )
    people = [{"code": f"N{n}", "all": 1_000 * n, "adults": 800 * n} for n in range(1, 5)]
    run(
        "import_populations", write_csv(tmp_path / "people.csv", people),
        "--year", "2021", "--code", "code", "--residents", "all", "--adults", "adults",
    )  # fmt: skip


def _merge(tmp_path: Path, *members: tuple[str, str], level: str = "community") -> str:
    rows = [{"code": code, "name": f"The {code}", "member": member} for code, member in members]
    return run("merge_areas", write_csv(tmp_path / "members.csv", rows), "--level", level)


def _parents() -> dict[str, str | None]:
    return dict(Area.objects.values_list("code", "parent__code"))


def test_community_stands_between_and_adds_its_people_up(tmp_path: Path) -> None:
    _merge(tmp_path, ("K1", "N1"), ("K1", "N2"))
    assert last_counts() == (1, 0, 0)
    assert _parents() == {
        "C1": None, "C2": None, "K1": "C1", "N1": "K1", "N2": "K1", "N3": "C1", "N4": "C2",
    }  # fmt: skip
    community = Area.objects.get(code="K1")
    assert (community.name, community.level) == ("The K1", "community")
    assert community.geometry.area == pytest.approx(2)
    assert community.geometry.contains(community.point)
    assert (community.population, community.adults) == (3_000, 2_400)
    people = Population.objects.get(area=community)
    assert (people.year, people.source) == (2021, "Added up from: people.csv")
    council = Area.objects.get(code="C1")
    assert (council.population, council.adults) == (6_000, 4_800)
    held = AreaAncestor.objects.filter(area__code="N1").order_by("depth")
    assert list(held.values_list("ancestor__code", flat=True)) == ["N1", "K1", "C1"]
    assert AreaTile.objects.filter(level="community").exists()


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    members = (("K1", "N1"), ("K1", "N2"), ("K2", "N3"))
    _merge(tmp_path, *members)
    before = list(Population.objects.order_by("id").values())
    _merge(tmp_path, *members)
    assert last_counts() == (0, 0, 2)
    assert list(Population.objects.order_by("id").values()) == before


def test_trial_changes_nothing(tmp_path: Path) -> None:
    before = _parents()
    rows = write_csv(tmp_path / "m.csv", [{"code": "K1", "name": "K", "member": "N1"}])
    said = run("merge_areas", rows, "--level", "community", "--dry-run")
    assert "1 new" in said
    assert _parents() == before


def test_import_of_the_same_levels_leaves_the_community_between(tmp_path: Path) -> None:
    _merge(tmp_path, ("K1", "N1"), ("K1", "N2"))
    hoods = [
        ({"code": f"N{n}", "name": f"Area N{n}", "parent": "C1"}, square(n - 1, 0, 1))
        for n in range(1, 4)
    ]
    path = write_geojson(tmp_path / "hoods.geojson", hoods)
    import_level(path, "intermediate", "--parent", "parent")
    assert last_counts() == (0, 0, 3)
    assert _parents()["N1"] == "K1"


def test_member_that_is_no_longer_told_goes_back(tmp_path: Path) -> None:
    _merge(tmp_path, ("K1", "N1"), ("K1", "N2"))
    _merge(tmp_path, ("K1", "N2"), ("K1", "N3"))
    assert last_counts() == (0, 1, 0)
    assert {code: _parents()[code] for code in ("N1", "N2", "N3")} == {
        "N1": "C1", "N2": "K1", "N3": "K1",
    }  # fmt: skip
    assert Area.objects.get(code="K1").population == 5_000
    assert Area.objects.get(code="C1").population == 6_000


def test_member_moves_from_one_community_to_another(tmp_path: Path) -> None:
    _merge(tmp_path, ("K1", "N1"), ("K1", "N2"), ("K2", "N3"))
    _merge(tmp_path, ("K1", "N1"), ("K2", "N2"), ("K2", "N3"))
    assert _parents()["N2"] == "K2"
    assert _parents()["K2"] == "C1"
    sizes = dict(Area.objects.filter(level="community").values_list("code", "population"))
    assert sizes == {"K1": 1_000, "K2": 5_000}


def test_country_of_all_councils(tmp_path: Path) -> None:
    _merge(tmp_path, ("S92", "C1"), ("S92", "C2"), level="country")
    assert _parents()["C1"] == "S92"
    country = Area.objects.get(code="S92")
    assert (country.parent, country.population) == (None, 10_000)
    assert AreaAncestor.objects.filter(ancestor=country).count() == 7


def test_members_of_two_councils_leave_the_community_without_a_parent(tmp_path: Path) -> None:
    _merge(tmp_path, ("K1", "N3"), ("K1", "N4"))
    assert _parents()["K1"] is None
    assert last_issues()["K1"] == "its members lie in several areas above: it has no parent"


def test_sum_that_is_no_longer_whole_goes(tmp_path: Path) -> None:
    _merge(tmp_path, ("K1", "N1"), ("K1", "N2"))
    Population.objects.filter(area__code="N3").delete()
    _merge(tmp_path, ("K1", "N1"), ("K1", "N2"), ("K2", "N3"))
    council = Area.objects.get(code="C1")
    assert not council.populations.exists()
    assert (council.population, council.adults) == (None, None)
    assert Area.objects.get(code="K1").population == 3_000


def test_small_community_is_listed(tmp_path: Path) -> None:
    _merge(tmp_path, ("K1", "N1"), ("K2", "N3"))
    assert last_issues() == {"K1": "a community of fewer than 2,500 residents: 1,000"}


def test_rows_that_cannot_be_members_are_rejected(tmp_path: Path) -> None:
    zones = [({"code": "Z1", "name": "Zone", "parent": "N1"}, square(0, 0, 0.5))]
    import_level(write_geojson(tmp_path / "z.geojson", zones), "zone", "--parent", "parent")
    _merge(
        tmp_path,
        ("K1", "n2"),
        ("K2", "N2"),
        ("K1", "C2"),
        ("K1", "Z1"),
        ("K1", "N9"),
        ("", "N3"),
        ("C2", "N3"),
        ("K" * 17, "N4"),
    )
    reasons = ImportBatch.objects.latest("id").issues.filter(is_rejected=True).order_by("row")
    assert list(reasons.values_list("row", "reason")) == [
        (2, "the member stands in an earlier row, as part of: K1"),
        (3, "the member is no smaller than the level to be made: council"),
        (4, "the member lies in a smaller area, which must be named itself: N1"),
        (5, "no area with this code is loaded: N9"),
        (6, "no code, no name or no member"),
        (7, "its code is that of an area of another level: council"),
        (8, f"the code is longer than 16 signs: {'K' * 17}"),
    ]
    assert last_counts() == (1, 0, 0)
    assert _parents()["N2"] == "K1"
