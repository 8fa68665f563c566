from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditRecord(models.Model):
    """Who did, read or exported what. Append-only: a trigger refuses UPDATE and DELETE (J-18)."""

    at = models.DateTimeField(_("日時"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("行為者"), null=True, blank=True, related_name="+"
    )
    action = models.CharField(_("行為"), max_length=60, db_index=True)
    subject = models.CharField(_("対象"), max_length=120, blank=True)
    office_number = models.CharField(_("安定所番号"), max_length=5, blank=True, db_index=True)
    detail = models.JSONField(_("内容"), default=dict, blank=True)
    address = models.GenericIPAddressField(_("IPアドレス"), null=True, blank=True)
    device = models.CharField(_("端末"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("監査記録")
        verbose_name_plural = _("監査記録")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.subject}"
