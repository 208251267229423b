from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    name = "places.exchange"
    label = "exchange"
    verbose_name = _("Import and export")

    def ready(self) -> None:
        from places.exchange.features import register_collections
        from places.exchange.privacy import register_room

        register_collections()
        register_room()
