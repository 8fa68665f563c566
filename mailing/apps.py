from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class MailingConfig(AppConfig):
    name = "mailing"
    verbose_name = _("メール")

    def ready(self) -> None:
        autodiscover_modules("mails")
        from mailing import checks  # noqa: F401, PLC0415  registers the checks
