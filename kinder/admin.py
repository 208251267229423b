"""Django's administration, for the administrator only.

It is for looking: what is written about people goes through the rooms' actions, which ask the rules
and write the audit. Befriending records are not in it, for row-level security shows the
administrator none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.decorators import login_not_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

if TYPE_CHECKING:
    _AnyModelAdmin = ModelAdmin[Model]
else:
    _AnyModelAdmin = ModelAdmin


class KinderAdminSite(AdminSite):
    """The administration under Kinder's name; being staff alone opens nothing."""

    site_header = _("Kinder administration")
    site_title = _("Kinder administration")
    index_title = _("Look into this deployment")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and getattr(request.user, "is_administrator", False)

    @method_decorator(never_cache)
    @login_not_required
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send on to the one way of signing in; Django's own asks for a password alone."""
        if request.user.is_authenticated:
            # Imported here, for an app's configuration is read before its models.
            rules = import_module("kinder.accounts.rules")
            rules.check_administrator(request.user)
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': wanted})}")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")


class LookOnlyAdmin(_AnyModelAdmin):
    """Rows to look at: nobody adds, changes or deletes them here."""

    def has_add_permission(self, request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class KinderAdminConfig(AdminConfig):
    default_site = "kinder.admin.KinderAdminSite"

    def ready(self) -> None:
        super().ready()
        import_module("kinder.checks")
