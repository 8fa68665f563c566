from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = _("予約")

    def ready(self) -> None:
        for module in (
            "booking.flows.leave",
            "booking.flows.erase",
            "booking.flows.arrange",
            "booking.flows.answer",
            "booking.mails.entry",
            "booking.mails.link",
            "booking.mails.missing_links",
            "booking.mails.reservations",
            "booking.mails.move",
            "booking.mails.waiting",
            "booking.mails.consequences",
            "booking.mails.decisions",
        ):
            import_module(module)  # registers erasers and composers
