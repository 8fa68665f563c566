from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    QUEUED = "queued", _("送信待ち")
    SENDING = "sending", _("送信中")
    SENT = "sent", _("送信済み")
    FAILED = "failed", _("送信できません")
    SUPERSEDED = "superseded", _("送信不要になりました")


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self, now: datetime) -> "OutgoingMailQuerySet":
        return self.filter(state=MailState.QUEUED, due_at__lte=now)

    def not_woken_since(self, moment: datetime) -> "OutgoingMailQuerySet":
        return self.filter(models.Q(woken_at__isnull=True) | models.Q(woken_at__lte=moment))

    def stuck(self, since: datetime) -> "OutgoingMailQuerySet":
        """Claimed that long ago and still not done: the worker was killed."""
        return self.filter(state=MailState.SENDING, claimed_at__lte=since)

    def about(self, cause: str) -> "OutgoingMailQuerySet":
        return self.filter(cause=cause)

    def undelivered(self) -> "OutgoingMailQuerySet":
        return self.filter(state=MailState.FAILED)


class OutgoingMail(models.Model):
    """One mail, written in the transaction of its cause; Celery is only the wake-up call.

    `kind` names the composer (mailing.composers) that writes the text at the moment of sending; `cause` is the key it
    understands, for example a reservation's uuid. `(cause, kind, occurrence)` is unique: a second one is impossible.
    `is_waiting`: it may be tried before `due_at`, as soon as somebody wakes its cause. `woken_at`: when a worker was
    last called for it, so that the sweeper does not fill the queue with calls for the same row.
    """

    kind = models.CharField(_("種類"), max_length=60)
    cause = models.CharField(_("きっかけ"), max_length=80, db_index=True)
    occurrence = models.CharField(_("回"), max_length=40, default="1")
    context = models.JSONField(default=dict, blank=True)
    to = models.EmailField(_("宛先"), max_length=254)
    language = models.CharField(_("言語"), max_length=10, default="ja")
    state = models.CharField(_("状態"), max_length=12, choices=MailState, default=MailState.QUEUED)
    created_at = models.DateTimeField(_("作成日時"), auto_now_add=True)
    due_at = models.DateTimeField(_("送信予定"))
    is_waiting = models.BooleanField(_("きっかけ待ち"), default=False, editable=False)
    woken_at = models.DateTimeField(_("呼び出し日時"), null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(_("送信開始"), null=True, blank=True)
    sent_at = models.DateTimeField(_("送信日時"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("試行回数"), default=0)
    error = models.CharField(_("エラー"), max_length=300, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=120, blank=True)
    subject = models.CharField(_("件名"), max_length=200, blank=True)
    body = models.TextField(_("本文"), blank=True)
    is_secret = models.BooleanField(_("本文を残さない"), default=False)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("送信メール")
        verbose_name_plural = _("送信メール")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["cause", "kind", "occurrence"], name="mail_once_per_cause_and_occurrence")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="mail_due", condition=models.Q(state__in=["queued", "sending"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.to}"
