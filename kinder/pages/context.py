"""What every template may know of the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Return the name of the site and whether its data are invented."""
    return {"site_name": settings.SITE_NAME, "is_demo": settings.IS_DEMO}
