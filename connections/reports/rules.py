"""Who may do what with reports: released figures are for everybody."""

from django.utils.translation import gettext_lazy as _

from connections.indicators.models import Release
from kinder.accounts.rules import Refused


def check_can_report(release: Release) -> None:
    """Refuse unless `release` was published: a preview is no report."""
    if release.state not in (Release.State.PUBLISHED, Release.State.SUPERSEDED):
        raise Refused(_("Only a published release can be reported."))
