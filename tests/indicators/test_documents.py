"""Registry, documents and code say the same."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model

from connections.indicators import access, disclosure, eligibility, quarters, release
from connections.indicators.definitions import INDICATORS

ROOMS = {
    "accounts", "places", "exchange", "interactions", "befriending", "indicators", "reports",
}  # fmt: skip
DOCS = Path(settings.BASE_DIR) / "docs"
METHOD = (DOCS / "method.md").read_text()
GLOSSARY = (DOCS / "glossary.md").read_text()


@pytest.mark.parametrize(
    "model",
    [model for model in apps.get_models() if model._meta.app_label in ROOMS],
    ids=lambda model: model.__name__,
)
def test_every_model_is_in_the_glossary(model: type[Model]) -> None:
    assert f"`{model.__name__}`" in GLOSSARY


def test_the_glossary_names_no_model_that_is_gone() -> None:
    there = {model.__name__ for model in apps.get_models()}
    named = set(re.findall(r"\(`([A-Z][A-Za-z]+)`\)", GLOSSARY))
    assert named <= there


@pytest.mark.parametrize("code", INDICATORS)
def test_every_indicator_is_in_both(code: str) -> None:
    assert re.search(rf"^\| {re.escape(code)} \|", METHOD, re.MULTILINE)
    assert f"**{code}**" in GLOSSARY
    one = INDICATORS[code]
    if not one.is_variant:
        assert f"**{code}** {one.name}" in GLOSSARY
    if one.base:
        assert re.search(rf"^\| {re.escape(code)} \|.*\| {one.base} \|$", METHOD, re.MULTILINE)


def test_no_document_names_an_indicator_that_is_gone() -> None:
    named = re.findall(r"\*\*([A-EM]\d[0-9a-z._]*)\*\*", GLOSSARY)
    named += re.findall(r"^\| ([A-EM]\d\S*) \|", METHOD, re.MULTILINE)
    assert set(named) == set(INDICATORS)


def test_numbers_in_words_are_those_of_the_code() -> None:
    assert f"most {eligibility.DAILY_CAP} moments a day" in METHOD
    assert f"More than {eligibility.QUARTER_CAP} moments" in METHOD
    assert f"First seen {eligibility.MIN_AGE_DAYS} days or more" in METHOD
    assert f"on {eligibility.MIN_DATES} or more dates" in METHOD
    assert f"from day {quarters.FREEZE_DAY} after" in METHOD
    assert f"from day {quarters.PUBLISH_DAY}:" in METHOD
    assert f"{disclosure.K_MIN} people ({disclosure.SENSITIVE_K} where sensitive)" in METHOD
    assert f"unless {disclosure.PLACES_VERIFIED:.0%}".replace("%", " %") in METHOD
    assert f"straight line × {access.DETOUR}" in METHOD
    assert f"kept for {release.KEPT_MONTHS} months" in GLOSSARY
