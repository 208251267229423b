"""Residents and deprivation come in by code; what is withheld is neither zero nor a mistake."""

import gzip
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from places.models import Area, Deprivation, Population
from tests.exchange.files import (
    import_level,
    last_batch,
    last_counts,
    last_issues,
    plant,
    run,
    square,
    write_csv,
    write_geojson,
)

pytestmark = pytest.mark.django_db


WEST, SOUTH = -4.3, 55.8


@pytest.fixture(autouse=True)
def town() -> None:
    """A council of two neighbourhoods with two zones each, on the National Grid near Glasgow."""
    plant(
        {
            "council": [("C1", "", square(WEST, SOUTH, 0.2))],
            "intermediate": [
                ("N1", "C1", square(WEST, SOUTH)),
                ("N2", "C1", square(WEST, SOUTH + 0.1)),
            ],
            "zone": [
                (f"Z{n}", f"N{(n + 1) // 2}", square(WEST + 0.05 * n, SOUTH, 0.05))
                for n in range(1, 5)
            ],
        }
    )


def _people(tmp_path: Path, *rows: tuple[str, object, object], year: int = 2021) -> str:
    """Import rows of code, residents and adults."""
    path = write_csv(
        tmp_path / "people.csv",
        [{"code": code, "all": residents, "adults": adults} for code, residents, adults in rows],
    )
    return run(
        "import_populations", path, "--year", str(year), "--code", "code", "--residents", "all",
        "--adults", "adults", "--source", "Census",
    )  # fmt: skip


ZONES = (("Z1", 100, 80), ("Z2", 200, 150), ("Z3", 300, 200), ("Z4", 400, 250))


def _in_use() -> dict[str, tuple[int | None, int | None]]:
    rows = Area.objects.values_list("code", "population", "adults")
    return {code: (population, adults) for code, population, adults in rows}


def test_people_are_added_up_and_taken_into_use(tmp_path: Path) -> None:
    _people(tmp_path, *ZONES)
    assert last_counts() == (4, 0, 0)
    assert _in_use() == {
        "Z1": (100, 80), "Z2": (200, 150), "Z3": (300, 200), "Z4": (400, 250),
        "N1": (300, 230), "N2": (700, 450), "C1": (1_000, 680),
    }  # fmt: skip
    assert Population.objects.get(area__code="C1").source == "Added up from: Census"


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    _people(tmp_path, *ZONES)
    before = list(Population.objects.order_by("id").values())
    _people(tmp_path, *ZONES)
    assert last_counts() == (0, 0, 4)
    assert list(Population.objects.order_by("id").values()) == before


def test_changed_figure_reaches_every_sum(tmp_path: Path) -> None:
    _people(tmp_path, *ZONES)
    _people(tmp_path, ("Z4", 500, 300))
    assert last_counts() == (0, 1, 0)
    assert _in_use()["C1"] == (1_100, 730)


def test_newest_year_is_in_use_whatever_came_last(tmp_path: Path) -> None:
    _people(tmp_path, *ZONES, year=2021)
    _people(tmp_path, ("Z1", 90, 70), year=2011)
    assert _in_use()["Z1"] == (100, 80)
    _people(tmp_path, ("Z1", 110, 90), year=2022)
    assert _in_use()["Z1"] == (110, 90)


def test_adults_of_an_older_year_are_taken_in_proportion(tmp_path: Path) -> None:
    _people(tmp_path, *ZONES, year=2020)
    _people(tmp_path, ("Z1", 200, ""), year=2021)
    assert last_issues() == {"Z1": "the adults are not known: “”"}
    assert _in_use()["Z1"] == (200, 160)


def test_area_with_an_unknown_part_has_no_sum(tmp_path: Path) -> None:
    _people(tmp_path, ("Z1", 100, 80), ("Z2", 200, 150), ("Z3", 300, 200), ("Z4", "*", "*"))
    assert last_issues() == {"Z4": "the residents are withheld: “*”"}
    assert _in_use()["N1"] == (300, 230)
    assert _in_use()["N2"] == (None, None)
    assert _in_use()["C1"] == (None, None)


def test_given_figure_of_a_larger_area_stays(tmp_path: Path) -> None:
    _people(tmp_path, ("C1", 1_005, 690), *ZONES)
    assert _in_use()["C1"] == (1_005, 690)
    _people(tmp_path, *ZONES)
    assert _in_use()["C1"] == (1_005, 690)
    assert Population.objects.get(area__code="C1").source == "Census"


def test_sums_are_made_where_only_the_middle_level_is_given(tmp_path: Path) -> None:
    _people(tmp_path, ("N1", 300, 230), ("N2", 700, 450))
    assert _in_use()["C1"] == (1_000, 680)


def test_figure_below_the_sum_of_its_parts_is_listed(tmp_path: Path) -> None:
    _people(tmp_path, ("C1", 999, 600), *ZONES)
    assert last_issues() == {
        "C1": "fewer residents than its parts add up to, kept: 999 of 1,000",
    }


def test_another_code_finds_the_area_but_not_twice(tmp_path: Path) -> None:
    _people(tmp_path, ("z1 old", 100, 80), ("Z1", 101, 81))
    assert _in_use()["Z1"] == (100, 80)
    assert last_issues() == {"Z1": "the area stands in an earlier row"}


def test_dirty_rows_are_rejected_and_the_rest_comes_in(tmp_path: Path) -> None:
    _people(
        tmp_path,
        ("Z1", "1,234", "1,000.0"),
        ("Z2", -5, 1),
        ("Z3", 10.5, 1),
        ("", 7, 1),
        ("Z4", 10, 11),
        ("S01013482", 5, 5),
        ("X9", "many", 5),
    )
    assert _in_use()["Z1"] == (1_234, 1_000)
    assert _in_use()["Z4"] == (10, None)
    assert last_issues() == {
        "Z2": "the residents are no whole number: “-5”",
        "Z3": "the residents are no whole number: “10.5”",
        "": "no code",
        "Z4": "more adults than residents, left out: 11",
        "S01013482": "no area with this code is loaded: S01013482",
        "X9": "the residents are no whole number: “many”",
    }


def test_zone_of_another_vintage_is_named(tmp_path: Path) -> None:
    zone = [({"code": "S01006506", "name": "Culter"}, square(0, 0))]
    import_level(write_geojson(tmp_path / "z.geojson", zone), "zone")
    _people(tmp_path, ("S01013482", 5, 5))
    assert last_issues() == {
        "S01013482": "no area with this code is loaded: S01013482 is a data zone of 2022, those of "
        "2011 are loaded"
    }


def test_single_years_of_age_are_added_up_for_one_sex(tmp_path: Path) -> None:
    rows = [
        {"code": "Z1", "sex": "All", "all": 10, "15": 1, "16": 2, "89": 3, "90+": 4},
        {"code": "Z1", "sex": "Female", "all": 5, "15": 1, "16": 1, "89": 1, "90+": 2},
        {"code": "Z2", "sex": "All", "all": 10, "15": 1, "16": "*", "89": 3, "90+": 4},
    ]
    run(
        "import_populations", write_csv(tmp_path / "ages.csv", rows), "--year", "2020",
        "--code", "code", "--residents", "all", "--ages", "--only", "sex=All",
    )  # fmt: skip
    assert _in_use()["Z1"] == (10, 9)
    assert _in_use()["Z2"] == (10, None)
    assert last_issues() == {"Z2": "the adults are not known: no whole numbers by age"}
    assert Population.objects.get(area__code="Z1").source == "ages.csv"


def test_share_of_adults_is_said_by_the_source(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "people.csv", [{"code": "Z1", "all": 100}])
    told = ("--year", "2021", "--code", "code", "--residents", "all")
    run("import_populations", path, *told, "--adults-share", "0.83", "--source", "NRS")
    assert _in_use()["Z1"] == (100, 83)
    source = Population.objects.get(area__code="Z1").source
    assert source == "NRS (adults taken as 83% of residents)"
    for options, said in (
        (("--adults-share", "83"), "lies between 0 and 1"),
        (("--only", "sex"), "takes COLUMN=VALUE"),
        (("--year", "20211"), "is a year such as 2021"),
    ):
        with pytest.raises(CommandError, match=said):
            run("import_populations", path, *told, *options)


def test_people_have_a_centre_of_their_own(tmp_path: Path) -> None:
    # The ONS postcode directory gives G1 1AB both ways: 259624, 665340 and -4.244437, 55.860742.
    rows = [
        {"code": "C1", "all": 1, "east": 259_624, "north": 665_340},
        {"code": "N1", "all": 1, "east": 100_000, "north": 100_000},
        {"code": "N2", "all": 1, "east": "", "north": ""},
    ]
    path = write_csv(tmp_path / "people.csv", rows)
    before = Area.objects.get(code="N1").point
    said = run(
        "import_populations", path, "--year", "2021", "--code", "code", "--residents", "all",
        "--easting", "east", "--northing", "north",
    )  # fmt: skip
    assert "1 centres lie outside their area as it is drawn: left out." in said
    point = Area.objects.get(code="C1").point
    assert (point.x, point.y) == pytest.approx((-4.244437, 55.860742), abs=0.0001)
    assert Area.objects.get(code="N1").point == before
    # Another load of the boundaries leaves the people's centre where it is.
    council = [({"code": "C1", "name": "Area C1"}, square(WEST, SOUTH, 0.2))]
    import_level(write_geojson(tmp_path / "council.geojson", council), "council")
    assert last_counts() == (0, 0, 1)
    assert Area.objects.get(code="C1").point == point


def test_trial_leaves_people_alone(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "people.csv", [{"code": "Z1", "all": 100}])
    told = ("--year", "2021", "--code", "code", "--residents", "all", "--dry-run")
    run("import_populations", path, *told)
    assert last_counts() == (1, 0, 0)
    assert not Population.objects.exists()
    assert _in_use()["Z1"] == (None, None)


def _deprivation(tmp_path: Path, *rows: tuple[str, object, object]) -> str:
    path = write_csv(
        tmp_path / "simd.csv",
        [{"code": code, "rank": rank, "decile": decile} for code, rank, decile in rows],
    )
    return run(
        "import_deprivation", path, "--index", "SIMD", "--code", "code", "--rank", "rank",
        "--decile", "decile",
    )  # fmt: skip


def test_withheld_deprivation_is_not_known(tmp_path: Path) -> None:
    _deprivation(tmp_path, ("Z1", 5, 1), ("Z2", "*", "*"), ("Z3", "*", 4))
    assert last_counts() == (3, 0, 0)
    ranks = Area.objects.filter(level="zone").order_by("code")
    assert list(ranks.values_list("deprivation_rank", "deprivation_decile")) == [
        (5, 1), (None, None), (None, 4), (None, None),
    ]  # fmt: skip
    assert last_issues() == dict.fromkeys(
        ("Z2", "Z3"), "rank or decile is withheld: kept as not known"
    )
    _deprivation(tmp_path, ("Z1", 5, 1), ("Z2", "*", "*"), ("Z3", "*", 4))
    assert last_counts() == (0, 0, 3)


def test_impossible_deprivation_is_rejected(tmp_path: Path) -> None:
    _deprivation(
        tmp_path, ("Z1", 5, 11), ("Z2", 0, 1), ("Z3", "first", 1), ("", 1, 1), ("Z4", 1, 0.5),
        ("X1", 1, 1),
    )  # fmt: skip
    assert last_issues() == {
        "Z1": "the decile is none of 1 to 10: “11”",
        "Z2": "the rank is no whole number from 1 on: “0”",
        "Z3": "the rank is no whole number from 1 on: “first”",
        "": "no code",
        "Z4": "the decile is none of 1 to 10: “0.5”",
        "X1": "no area with this code is loaded: X1",
    }
    assert not Deprivation.objects.exists()


# ------------------------------------------------------------------ tables as they come

TOLD = ("--year", "2021", "--code", "code", "--residents", "all")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (b"\ncode,all\nZ1,5\n", "its first line is empty"),
        (b"code,all\n", "a heading but no rows"),
        (b"<!doctype html><title>Sign in</title>", "is a web page"),
        (b"\xef\xbb\xbf  <html>", "is a web page"),
        (b"PK\x03\x04...", "is an Excel workbook"),
        (b'{"a": 1}', "is JSON"),
        (b"code,all\nZ1,5\n\xe9\xe9,6\n", r"is not in utf-8 near row \d+: save it as"),
        (b"code,number\nZ1,5\n", r"no column all\. It has: code, number"),
        (b"code,all,all\nZ1,5,6\n", "more than one column all"),
        (b'code,all\nZ1,"' + b"9" * 200_000 + b'"\n', "cannot be read as CSV after row 0"),
        (gzip.compress(b"code,all\n" + b"Z1,5\n" * 5_000)[:-20], "ends too early or is damaged"),
        (b"\x1f\x8bnot packed at all", "ends too early or is damaged"),
    ],
    ids=[
        "empty", "blank", "no heading", "no rows", "web page", "web page with a mark", "workbook",
        "json", "not utf-8", "no column", "column twice", "huge cell", "cut off", "not packed",
    ],
)  # fmt: skip
def test_file_that_is_no_table_says_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    with pytest.raises(CommandError, match=said):
        run("import_populations", path, *TOLD)
    assert last_batch().state == "failed"
    assert not Population.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"code,all\nZ1,5\n",
        b"\xef\xbb\xbfcode,all\r\nZ1,5\r\n",
        b"code;all\nZ1;5\n",
        b"code\tall\nZ1\t5\n",
        b' code , all \n "Z1" ,5,,\n\n',
        b"all,code\n5,Z1\x00\n",
        "code\tall\nZ1\t5\n".encode("utf-16"),
        gzip.compress(b"code,all\nZ1,5\n"),
    ],
    ids=["plain", "marked", "semicolons", "tabs", "ragged", "NUL", "utf-16", "packed"],
)
def test_tables_are_read_as_they_come(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    run("import_populations", path, *TOLD)
    assert last_counts() == (1, 0, 0)
    assert _in_use()["Z1"] == (5, None)


def test_encoding_may_be_told(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("code,all,name\nZ1,5,Café\n".encode("cp1252"))
    with pytest.raises(CommandError, match="for example --encoding cp1252"):
        run("import_populations", path, *TOLD)
    run("import_populations", path, *TOLD, "--encoding", "cp1252")
    assert _in_use()["Z1"] == (5, None)
    with pytest.raises(CommandError, match="There is no encoding “cp9999”"):
        run("import_populations", path, *TOLD, "--encoding", "cp9999")


def test_geography_is_named_where_there_is_none_such(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "people.csv", [{"code": "Z1", "all": 100}])
    with pytest.raises(CommandError, match=r"no geography “other” \(test\): import_areas"):
        run("import_populations", path, *TOLD, "--geography", "other")
