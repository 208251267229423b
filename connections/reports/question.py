"""What a report was asked: small, in an address, and the same for everybody who asks the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from connections.reports.vocabulary import DEFAULT_SECTIONS, Comparator, Section

LAYOUT_VERSION = "8"
"""Part of every question: a change of layout or wording makes new reports, never other bytes under
an old checksum."""

MAX_AREAS = 200
"""Areas in one question (a judgement): a portfolio sheet of more is the bulk download's job."""
MAX_TITLE = 120


@dataclass(frozen=True, kw_only=True)
class Question:
    """One report: `areas` are codes, A–Z where there are several; `period` a quarter ("2026-Q1").

    `is_together` puts several areas together as one drawn area; else each has its own pages.
    """

    period: str
    areas: tuple[str, ...]
    language: str
    sections: tuple[Section, ...] = DEFAULT_SECTIONS
    comparators: tuple[Comparator, ...] = (Comparator.PARENT,)
    title: str = ""
    is_together: bool = False

    def has(self, section: Section) -> bool:
        return section in self.sections

    def as_data(self) -> dict[str, Any]:
        """Return the question as plain data, always in the same order."""
        return {
            "period": self.period,
            "areas": sorted(self.areas),
            "language": self.language,
            "sections": [section.value for section in Section if section in self.sections],
            "comparators": [item.value for item in Comparator if item in self.comparators],
            "title": self.title,
            "together": self.is_together,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the question that `as_data` wrote."""
        return cls(
            period=data["period"],
            areas=tuple(data["areas"]),
            language=data["language"],
            sections=tuple(Section(value) for value in data["sections"]),
            comparators=tuple(Comparator(value) for value in data["comparators"]),
            title=data["title"],
            is_together=data["together"],
        )

    def at(self, period: str) -> Self:
        """Return the same question of another quarter."""
        return replace(self, period=period)

    def fingerprint(self, basis: str) -> str:
        """Return the SHA-256 of the question and of `basis`, what it is answered from."""
        asked = json.dumps(self.as_data(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256("\n".join([LAYOUT_VERSION, basis, asked]).encode()).hexdigest()
