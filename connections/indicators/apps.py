from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IndicatorsConfig(AppConfig):
    name = "connections.indicators"
    label = "indicators"
    verbose_name = _("Indicators")

    def ready(self) -> None:
        from connections.indicators.leaving_out import register_hook
        from connections.indicators.privacy import register_room

        register_room()
        register_hook()
