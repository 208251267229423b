from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InteractionsConfig(AppConfig):
    name = "connections.interactions"
    label = "interactions"
    verbose_name = _("Moments")

    def ready(self) -> None:
        from connections.interactions.privacy import register_room

        register_room()
