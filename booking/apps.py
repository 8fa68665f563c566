from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = _("予約")

    def ready(self) -> None:
        for module in ("booking.flows.leave", "booking.mails"):
            import_module(module)  # registers erasers and composers
