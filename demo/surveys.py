"""Figures of an invented survey that draws people by chance, to stand beside volunteers'."""

import csv
import datetime as dt
import io

from connections.reports.benchmarks import COLUMNS, import_benchmarks
from places.models import Area, Geography

SURVEY = "Whinsay Household Survey (invented)"
WORDING = {
    "E1": "If I was alone and needed help, I could rely on someone in this neighbourhood",
    "E2": "This is a neighbourhood where people are kind to each other",
}
# % who agree, with the ends of the range.
FOUND = {
    "Whinsay (invented)": {"E1": (87, 84, 90), "E2": (81, 78, 84)},
    "Inverwhin Town (invented)": {"E1": (84, 79, 88), "E2": (78, 73, 83)},
    "Whinsay Braes and Shores (invented)": {"E1": (91, 86, 95), "E2": (85, 80, 90)},
}


def load_surveys(geography: Geography, *, day: dt.date) -> int:
    """Load the survey of the year before `day` as an administrator's file would be; return rows."""
    codes = dict(Area.objects.filter(geography=geography).values_list("name", "code"))
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    for name, figures in FOUND.items():
        for code, (value, lower, upper) in figures.items():
            rows.writerow(
                {
                    "area_code": codes[name],
                    "indicator": code,
                    "value": value,
                    "lower": lower,
                    "upper": upper,
                    "year": day.year - 1,
                    "source": SURVEY,
                    "wording": WORDING[code],
                }
            )
    text.seek(0)
    loaded = import_benchmarks(geography, text)
    if loaded.rejected:
        raise ValueError("; ".join(loaded.rejected))
    return loaded.new
