"""What templates of befriending ask."""

from collections.abc import Iterable

from django import template

from connections.befriending.models import AgreementSignature
from connections.befriending.vocabulary import SPOKEN, Gender

register = template.Library()


@register.filter
def of_side(signatures: dict[str, AgreementSignature], side: str) -> AgreementSignature | None:
    """Return the signature of a side, if it is there."""
    return signatures.get(side)


@register.filter
def as_languages(codes: Iterable[str]) -> str:
    """Return languages by their names; one that is not listed stays as it was written."""
    names = dict(SPOKEN)
    return ", ".join(str(names.get(code, code)) for code in codes)


@register.filter
def as_gender(code: str) -> str:
    return str(dict(Gender.choices).get(code, code))
