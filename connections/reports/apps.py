from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "connections.reports"
    label = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        from connections.reports.features import register_collections
        from connections.reports.privacy import register_room

        register_room()
        register_collections()
