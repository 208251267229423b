"""What templates of befriending ask."""

from django import template

from connections.befriending.models import AgreementSignature

register = template.Library()


@register.filter
def of_side(signatures: dict[str, AgreementSignature], side: str) -> AgreementSignature | None:
    """Return the signature of a side, if it is there."""
    return signatures.get(side)
