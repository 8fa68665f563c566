"""What the meeting software tells of a meeting: the notices as they came, and who was there when. No names are kept."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.enums import SeenBy
from booking.models.meeting import OnlineMeeting


class WebhookDelivery(models.Model):
    """One notice of Zoom's, stored before it is understood. The digest of its body makes a second one impossible."""

    digest = models.CharField(_("要約値"), max_length=64, unique=True, editable=False)
    event = models.CharField(_("通知の種類"), max_length=80)
    meeting_id = models.CharField(_("ミーティングID"), max_length=20, blank=True, db_index=True)
    sent_at = models.DateTimeField(_("Zoomでの日時"))
    received_at = models.DateTimeField(_("受信日時"))
    body = models.JSONField(_("内容"), default=dict)
    processed_at = models.DateTimeField(_("処理日時"), null=True, blank=True)

    class Meta:
        verbose_name = _("Zoomからの通知")
        verbose_name_plural = _("Zoomからの通知")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["received_at"], name="webhook_not_processed", condition=models.Q(processed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.meeting_id}"


class Attendance(models.Model):
    """One stay of one participant in one instance of a meeting. `participant` is the software's own key, no name."""

    meeting = models.ForeignKey(
        OnlineMeeting, models.CASCADE, verbose_name=_("オンライン会議"), related_name="attendances"
    )
    instance = models.CharField(_("会議の回"), max_length=80)
    participant = models.CharField(_("参加者の番号"), max_length=80)
    is_host = models.BooleanField(_("ハローワーク側"), default=False)
    waited_at = models.DateTimeField(_("待機室に入った日時"), null=True, blank=True)
    joined_at = models.DateTimeField(_("入室日時"), null=True, blank=True)
    left_at = models.DateTimeField(_("退室日時"), null=True, blank=True)
    seen_by = models.CharField(_("記録の元"), max_length=8, choices=SeenBy, default=SeenBy.WEBHOOK)

    class Meta:
        verbose_name = _("入退室の記録")
        verbose_name_plural = _("入退室の記録")
        ordering = ["meeting", "id"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "instance", "participant"], name="stay_is_noted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.participant}"
