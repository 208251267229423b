"""Who may do what in befriending: `check_x` raises Refused with the reason, `can_x` asks.

These are the first wall and say why; the policies of the database are the second and only show
nothing. A table test holds the two to the same answers.
"""

from django.utils.translation import gettext_lazy as _

from connections.befriending.models import Participant, Service, Volunteer
from kinder.accounts.acting import acting
from kinder.accounts.models import Role, User
from kinder.accounts.rules import (
    Actor,
    Refused,
    can_act_as,
    check_administrator,
    check_role,
    check_signed_in,
    has_role,
)

STAFF = (Role.COORDINATOR, Role.LEAD)
IN_THE_SERVICE = (Role.COORDINATOR, Role.LEAD, Role.WORKER)
NOT_IN_THE_SERVICE = _("You are not part of this befriending service.")
ON_DUTY_ALREADY = _("Another service is on duty: end that first.")


def check_can_keep_services(user: Actor) -> User:
    """Services are set up by the administrator."""
    return check_administrator(user)


def check_can_be_on_duty(service: Service) -> None:
    """Residents' worries go to one service of a deployment."""
    if Service.objects.filter(is_on_duty=True).exclude(pk=service.pk).exists():
        raise Refused(ON_DUTY_ALREADY)


def check_can_run(user: Actor, *, service: Service) -> User:
    """A service's records are for its coordinators and safeguarding leads; being administrator
    opens none of them."""
    return check_role(user, *STAFF, organisation=service.organisation_id)


def can_run(user: Actor, *, service: Service) -> bool:
    return can_act_as(user, *STAFF, organisation=service.organisation_id)


def check_can_read_concerns(user: Actor, *, service: Service) -> User:
    """Concerns are read by the service's safeguarding leads alone."""
    return check_role(user, Role.LEAD, organisation=service.organisation_id)


def can_read_concerns(user: Actor, *, service: Service) -> bool:
    return can_act_as(user, Role.LEAD, organisation=service.organisation_id)


def check_can_raise_concern(user: Actor, *, service: Service) -> User:
    """Anyone in the service can raise a concern: who works for its organisation, befriends, or is
    befriended."""
    found = check_signed_in(user)
    if has_role(found, *IN_THE_SERVICE, organisation=service.organisation_id):
        return found
    with acting(user=found):
        own = {"user": found, "service": service}
        if Volunteer.objects.filter(**own).exists() or Participant.objects.filter(**own).exists():
            return found
    raise Refused(NOT_IN_THE_SERVICE)
