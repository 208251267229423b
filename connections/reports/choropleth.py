"""Colours released figures on a map, by classes made of the released numbers alone."""

from itertools import pairwise

from django.utils.translation import gettext as _

from connections.reports.reading import Cell

CLASSES = 6


def break_points(cells: list[Cell]) -> list[float]:
    """Return the upper ends of the classes, fewest first: quantiles of the distinct shown values.

    Only released, rounded values enter, so a class tells nothing that the table does not.
    """
    shown = sorted(
        {c.figure.value for c in cells if c.is_shown and c.figure and c.figure.value is not None}
    )
    if not shown:
        return []
    count = min(CLASSES, len(shown))
    return [shown[(len(shown) * step) // count - 1] for step in range(1, count + 1)]


def classify(cells: list[Cell]) -> dict[int, int]:
    """Return each area's class, 1 the lowest, 0 where nothing is shown."""
    ends = break_points(cells)
    classes: dict[int, int] = {}
    for cell in cells:
        shown = cell.figure.value if cell.is_shown and cell.figure else None
        classes[cell.area.pk] = (
            0 if shown is None else 1 + next(i for i, end in enumerate(ends) if shown <= end)
        )
    return classes


def ramp_legend(cells: list[Cell]) -> list[tuple[int, str]]:
    """Return (class, "12 to 18") for each class in use, in words."""
    values = sorted(
        {
            (c.figure.value, c.value)
            for c in cells
            if c.is_shown and c.figure and c.figure.value is not None
        }
    )
    ends = break_points(cells)
    legend = []
    for index, (low, high) in enumerate(pairwise([float("-inf"), *ends]), start=1):
        texts = [text for value, text in values if low < value <= high]
        legend.append(
            (
                index,
                texts[0]
                if len(texts) == 1
                else _("%(low)s to %(high)s") % {"low": texts[0], "high": texts[-1]},
            )
        )
    return legend
