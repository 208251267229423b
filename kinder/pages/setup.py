"""What a new deployment still needs, step by step, for the administrator."""

from collections.abc import Callable
from dataclasses import dataclass, field

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kinder.accounts.models import Membership, Organisation, User
from kinder.accounts.rules import check_administrator
from places.models import Area, Place, PlaceName, Population, Postcode
from places.vocabulary import AreaLevel

CONSOLE_MAIL = "django.core.mail.backends.console.EmailBackend"


@dataclass(frozen=True)
class Step:
    """One thing to do: what is there already says whether it is done."""

    title: str | Promise
    why: str | Promise
    found: list[str | Promise]
    is_done: bool
    commands: list[str] = field(default_factory=list)
    url: str = ""
    action: str | Promise = ""


def list_steps(user: User) -> list[Step]:
    """Return the steps in their order, with what is loaded now."""
    return [make_step(user) for make_step in STEPS]


def _second_step(user: User) -> Step:
    return Step(
        title=_("A second step for signing in"),
        why=_("You can change everything here, so a password alone is not enough."),
        found=[],
        is_done=is_mfa_enabled(user),
        url=reverse("mfa_index"),
        action=_("Look at it"),
    )


def _areas(_user: User) -> Step:
    counts = dict(
        Area.objects.filter(geography__is_current=True)
        .values_list("level")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return Step(
        title=_("Areas"),
        why=_(
            "Figures are told for official neighbourhoods. Load every level, the largest first, "
            "from GeoJSON, GeoPackage or Shapefile. With --help each command says more."
        ),
        found=[
            format_lazy("{level}: {count}", level=level.label, count=counts[level])
            for level in AreaLevel
            if level in counts
        ],
        is_done=AreaLevel.COUNCIL in counts and AreaLevel.INTERMEDIATE in counts,
        commands=[
            f"bin/manage import_areas FILE --geography NAME --level {level.value}"
            f" --code COLUMN --name COLUMN{parent}"
            for level, parent in (
                (AreaLevel.COUNCIL, ""),
                (AreaLevel.INTERMEDIATE, " --parent COLUMN"),
                (AreaLevel.ZONE, " --parent COLUMN"),
            )
        ],
    )


def _people_of_areas(_user: User) -> Step:
    populations, postcodes = Population.objects.count(), Postcode.objects.count()
    return Step(
        title=_("Residents and postcodes"),
        why=_("How many people live where, how deprived it is, and which postcode lies where."),
        found=[
            format_lazy(_("populations: {count}"), count=populations),
            format_lazy(_("postcodes: {count}"), count=postcodes),
            format_lazy(_("place names: {count}"), count=PlaceName.objects.count()),
        ],
        is_done=populations > 0 and postcodes > 0,
        commands=[
            "bin/manage import_populations FILE --year YEAR --code COLUMN --residents COLUMN",
            "bin/manage import_deprivation FILE --index NAME --code COLUMN --rank COLUMN"
            " --decile COLUMN",
            "bin/manage import_postcodes FILE --area COLUMN",
            "bin/manage import_place_names FILE",
        ],
    )


def _places(_user: User) -> Step:
    count = Place.objects.count()
    return Step(
        title=_("Places"),
        why=_("Where people meet: from OpenStreetMap, or one by one."),
        found=[format_lazy(_("places: {count}"), count=count)],
        is_done=count > 0,
        commands=["bin/manage import_places FILE"],
        url=reverse("places:list"),
        action=_("Look at the places"),
    )


def _mail(_user: User) -> Step:
    is_done = settings.EMAIL_BACKEND != CONSOLE_MAIL
    return Step(
        title=_("E-mail"),
        why=_("People sign in with a code that is sent to them. KINDER_EMAIL_URL says by whom."),
        found=[] if is_done else [_("codes are only written to the log of the web server")],
        is_done=is_done,
        commands=["KINDER_EMAIL_URL=smtp+tls://USER:PASSWORD@HOST:587"],
    )


def _organisation(_user: User) -> Step:
    count = Organisation.objects.count()
    return Step(
        title=_("The first organisation"),
        why=_("Workers, befriending services and funders belong to one."),
        found=[format_lazy(_("organisations: {count}"), count=count)],
        is_done=count > 0,
        url=reverse("accounts:organisations"),
        action=_("Organisations"),
    )


def _roles(_user: User) -> Step:
    count = Membership.objects.count()
    return Step(
        title=_("Somebody with a role"),
        why=_("They sign in with a code that is sent to them, and set up a second step."),
        found=[format_lazy(_("roles: {count}"), count=count)],
        is_done=count > 0,
        url=reverse("accounts:people"),
        action=_("People and roles"),
    )


STEPS: tuple[Callable[[User], Step], ...] = (
    _second_step,
    _areas,
    _people_of_areas,
    _places,
    _mail,
    _organisation,
    _roles,
)


@require_safe
def show_setup(request: HttpRequest) -> HttpResponse:
    """Lead the administrator through what a new deployment needs."""
    steps = list_steps(check_administrator(request.user))
    context = {"steps": steps, "done": sum(step.is_done for step in steps)}
    return render(request, "pages/setup.html", context)
