from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BefriendingConfig(AppConfig):
    name = "connections.befriending"
    label = "befriending"
    verbose_name = _("Befriending")

    def ready(self) -> None:
        from connections.befriending.own_data import answer_for_befriending
        from connections.befriending.wordings import register_wordings

        answer_for_befriending()
        register_wordings()
