"""What the meeting software tells of a meeting: the notices as they came, and who was there when. No names are kept."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from booking.enums import SeenBy
from booking.models.meeting import OnlineMeeting


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def lock(self) -> "WebhookDeliveryQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def unprocessed(self) -> "WebhookDeliveryQuerySet":
        return self.filter(processed_at__isnull=True)

    def left_behind(self, since: datetime) -> "WebhookDeliveryQuerySet":
        """Came that long ago and nobody has taken them up: the wake-up call was lost."""
        return self.unprocessed().filter(received_at__lte=since)


class WebhookDelivery(models.Model):
    """One notice of Zoom's, stored before it is understood. The digest of its body makes a second one impossible."""

    digest = models.CharField(_("要約値"), max_length=64, unique=True, editable=False)
    event = models.CharField(_("通知の種類"), max_length=80)
    meeting_id = models.CharField(_("ミーティングID"), max_length=20, blank=True, db_index=True)
    sent_at = models.DateTimeField(_("Zoomでの日時"))
    received_at = models.DateTimeField(_("受信日時"))
    body = models.JSONField(_("内容"), default=dict)
    processed_at = models.DateTimeField(_("処理日時"), null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

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


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def note(
        self,
        meeting: OnlineMeeting,
        *,
        instance: str,
        participant: str,
        is_host: bool,
        seen_by: SeenBy,
        waited_at: datetime | None = None,
        joined_at: datetime | None = None,
        left_at: datetime | None = None,
    ) -> None:
        """Add what was just learned to the stay. In whatever order and however often it is told, the row is the same.

        The first waiting, the first joining, the last leaving. A notice is worth more than what was asked for.
        """
        moments = {"waited_at": waited_at, "joined_at": joined_at, "left_at": left_at}
        row, is_new = self.get_or_create(
            meeting=meeting,
            instance=instance,
            participant=participant,
            defaults={**moments, "is_host": is_host, "seen_by": seen_by},
        )
        if is_new:
            return
        # PostgreSQL's LEAST and GREATEST pass over NULL.
        changes: dict[str, object] = {
            name: (Greatest if name == "left_at" else Least)(models.F(name), models.Value(moment))
            for name, moment in moments.items()
            if moment is not None
        }
        if is_host:
            changes["is_host"] = True
        if seen_by == SeenBy.WEBHOOK:
            changes["seen_by"] = seen_by
        self.filter(pk=row.pk).update(**changes)

    def of_office(self) -> "AttendanceQuerySet":
        return self.filter(is_host=True)


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

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("入退室の記録")
        verbose_name_plural = _("入退室の記録")
        ordering = ["meeting", "id"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "instance", "participant"], name="stay_is_noted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.participant}"
