"""Says what a place is in the words of schema.org, for search engines and other machines."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from places.models import Place

_ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


def describe_for_machines(place: Place, address: str) -> SafeString:
    """Return JSON-LD of `place`, safe inside a script element; `address` is its page."""
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Place",
        "@id": address,
        "name": place.name,
        "geo": {
            "@type": "GeoCoordinates",
            "latitude": round(place.point.y, 6),
            "longitude": round(place.point.x, 6),
        },
        "publicAccess": True,
    }
    if place.address or place.postcode:
        facts["address"] = {
            "@type": "PostalAddress",
            "streetAddress": place.address,
            "postalCode": place.postcode,
        }
    if place.is_free_to_stay:
        facts["isAccessibleForFree"] = True
    facts |= {
        name: value
        for name, value in (
            ("description", place.description),
            ("telephone", place.telephone),
            ("sameAs", place.website),
        )
        if value
    }
    text = json.dumps(facts, ensure_ascii=False)
    return mark_safe(text.translate(_ESCAPES))  # noqa: S308 - its markup was escaped above
