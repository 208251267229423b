from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InteractionsConfig(AppConfig):
    name = "connections.interactions"
    label = "interactions"
    verbose_name = _("Moments")

    def ready(self) -> None:
        from connections.interactions.notes import rotate_notes
        from connections.interactions.privacy import register_room
        from connections.interactions.voices.queues import register_queues
        from connections.interactions.wordings import register_wordings
        from kinder.accounts.encryption import register_rotation

        register_room()
        register_wordings()
        register_queues()
        register_rotation("interactions.notes", rotate_notes)
