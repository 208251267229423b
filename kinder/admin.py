"""Django's administration, for the administrator only."""

from importlib import import_module

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class KinderAdminSite(AdminSite):
    """The administration under Kinder's name; being staff alone opens nothing."""

    site_header = _("Kinder administration")
    site_title = _("Kinder administration")
    index_title = _("Set up and look after this deployment")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and getattr(request.user, "is_administrator", False)


class KinderAdminConfig(AdminConfig):
    default_site = "kinder.admin.KinderAdminSite"

    def ready(self) -> None:
        super().ready()
        import_module("kinder.checks")
