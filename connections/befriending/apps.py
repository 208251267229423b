from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BefriendingConfig(AppConfig):
    name = "connections.befriending"
    label = "befriending"
    verbose_name = _("Befriending")
