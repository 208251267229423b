from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "kinder.accounts"
    label = "accounts"
    verbose_name = _("People and organisations")

    def ready(self) -> None:
        from kinder.accounts.adapters import rotate_second_factors
        from kinder.accounts.encryption import register_rotation
        from kinder.accounts.own_data import ROOM
        from kinder.accounts.privacy import register

        register(ROOM)
        register_rotation("accounts", rotate_second_factors)
