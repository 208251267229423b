"""The lists behind the report builder and the open data: codes never change, labels are words."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Format(models.TextChoices):
    """What a report can be taken away as: the same numbers in each."""

    HTML = "html", _("Web page")
    PDF = "pdf", _("PDF")
    XLSX = "xlsx", _("Excel")
    CSV = "csv", _("CSV")
    JSON = "json", _("JSON")
    GEOJSON = "geojson", _("GeoJSON")
    ZIP = "zip", _("All of them, with a data package")


CONTENT_TYPES = {
    Format.HTML: "text/html; charset=utf-8",
    Format.PDF: "application/pdf",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.GEOJSON: "application/geo+json",
    Format.ZIP: "application/zip",
}


class Section(models.TextChoices):
    """The parts of a report that its reader may switch on and off, in their order."""

    FRONT = "front", _("One page in front, with a paragraph to copy")
    MEASURES = "measures", _("The community's own questions")
    FIGURES = "figures", _("Figures, with what each means")
    TRENDS = "trends", _("How figures moved, quarter by quarter")
    MAPS = "maps", _("Small maps")
    BEFRIENDING = "befriending", _("Befriending")
    INEQUALITY = "inequality", _("Figures by deprivation")
    PARTS = "parts", _("The areas within")
    STORIES = "stories", _("Stories that people agreed to share")
    DONE = "done", _("What was heard, and what was done since")
    ANALYSTS = "analysts", _("For analysts")
    METHOD = "method", _("How this was made")


DEFAULT_SECTIONS = tuple(section for section in Section if section is not Section.ANALYSTS)


class Comparator(models.TextChoices):
    """What stands beside an area's figures, where areas may be compared at all."""

    PARENT = "parent", _("The areas around it")
    COUNTRY = "country", _("The whole country")
    SIMILAR = "similar", _("Areas of similar deprivation")


class State(models.TextChoices):
    """How far a file of a report is."""

    WAITING = "waiting", _("Waiting")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Did not work")
    CANCELLED = "cancelled", _("Stopped")


class Scope(models.TextChoices):
    """What a key of the API may be used for."""

    FIGURES = "figures", _("Read released figures")
    BULK = "bulk", _("Download whole releases")
    REPORTS = "reports", _("Ask for reports and fetch them")
