"""Who may do what in befriending: `check_x` raises Refused with the reason, `can_x` asks.

These are the first wall and say why; the policies of the database are the second and only show
nothing. A table test holds the two to the same answers.
"""

from django.utils.translation import gettext_lazy as _

from connections.befriending.models import Service
from kinder.accounts.models import Role, User
from kinder.accounts.rules import Actor, Refused, can_act_as, check_administrator, check_role

STAFF = (Role.COORDINATOR, Role.LEAD)
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
