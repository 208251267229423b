from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlacesConfig(AppConfig):
    name = "places"
    label = "places"
    verbose_name = _("Places")

    def ready(self) -> None:
        from places.moderation import register_queues
        from places.privacy import register_room

        register_room()
        register_queues()
