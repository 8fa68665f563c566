from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    QUEUED = "queued", _("送信待ち")
    SENDING = "sending", _("送信中")
    SENT = "sent", _("送信済み")
    DELAYED = "delayed", _("遅れています（自動で再送）")
    FAILED = "failed", _("送信できません")
    BOUNCED = "bounced", _("届きませんでした")
    SUPERSEDED = "superseded", _("送信不要になりました")
    PURGED = "purged", _("本文を消去しました")


TO_BE_SENT = (MailState.QUEUED, MailState.DELAYED)
"""A worker takes them up when they are due."""
UNDER_WAY = (*TO_BE_SENT, MailState.SENDING)
"""Not done with: nothing of them is purged."""
UNDELIVERED = (MailState.FAILED, MailState.BOUNCED)
"""Staff have to tell the person in another way."""

OVERTAKES = "overtakes"
"""Key in `context` of a mail that makes untrue what was written before it about its cause."""
HANDING_OVER = "handing_over"
"""Key in `context` while the SMTP server has the word."""
PERHAPS_SENT = "perhaps_sent"
"""Key in `context`: how many attempts ended without anybody knowing whether the server took the mail."""
DELAYED_SINCE = "delayed_since"
"""Key in `context`: when the first attempt failed."""
WAS = "was"
"""Key in `context` of a purged mail: its state before."""
ANEW = (
    "state",
    "due_at",
    "attempts",
    "error",
    "woken_at",
    "message_id",
    "sent_at",
    "bounced_at",
    "told_at",
    "told_by",
    "context",
)
"""What `queue_anew` changes."""


class ReportAction(models.TextChoices):
    """The Action field of a delivery status notification (RFC 3464, 2.3.3)."""

    FAILED = "failed", _("届きませんでした")
    DELAYED = "delayed", _("遅れています")
    DELIVERED = "delivered", _("届きました")
    RELAYED = "relayed", _("転送しました")
    EXPANDED = "expanded", _("配布しました")


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self, now: datetime) -> "OutgoingMailQuerySet":
        return self.filter(state__in=TO_BE_SENT, due_at__lte=now)

    def in_turn(self, now: datetime) -> "OutgoingMailQuerySet":
        """Those of each cause that may go out now: one at a time, in the order in which they were written (ADR 16).

        Who waits to be woken holds up nobody; a mail that overtakes waits only for the one that is on its way.
        """
        others = OutgoingMail.objects.filter(cause=OuterRef("cause")).exclude(pk=OuterRef("pk"))
        on_its_way = others.filter(state=MailState.SENDING)
        is_due = models.Q(state=MailState.QUEUED, due_at__lte=now, is_waiting=False)
        before = others.filter(is_due | models.Q(state=MailState.DELAYED), pk__lt=OuterRef("pk"))
        return self.filter(~Exists(on_its_way), models.Q(context__has_key=OVERTAKES) | ~Exists(before))

    def perhaps_sent_twice(self) -> "OutgoingMailQuerySet":
        """A worker died, or the server went silent, between handing over and knowing: what the server got is unknown."""
        return self.filter(context__has_key=PERHAPS_SENT)

    def not_woken_since(self, moment: datetime) -> "OutgoingMailQuerySet":
        return self.filter(models.Q(woken_at__isnull=True) | models.Q(woken_at__lte=moment))

    def stuck(self, since: datetime) -> "OutgoingMailQuerySet":
        """Claimed that long ago and still not done: the worker was killed."""
        return self.filter(state=MailState.SENDING, claimed_at__lte=since)

    def about(self, cause: str) -> "OutgoingMailQuerySet":
        return self.filter(cause=cause)

    def undelivered(self) -> "OutgoingMailQuerySet":
        return self.filter(state__in=UNDELIVERED)


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
    attachments = models.JSONField(_("添付ファイル"), default=list, blank=True, editable=False)
    """[{"name", "content_type", "content"}] as it went out."""
    is_secret = models.BooleanField(_("本文を残さない"), default=False)
    bounced_at = models.DateTimeField(_("届かなかった日時"), null=True, blank=True)
    told_at = models.DateTimeField(_("電話で伝えた日時"), null=True, blank=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("電話で伝えた職員"),
        null=True,
        blank=True,
        related_name="+",
    )

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("送信メール")
        verbose_name_plural = _("送信メール")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["cause", "kind", "occurrence"], name="mail_once_per_cause_and_occurrence")
        ]
        indexes = [
            models.Index(
                fields=["cause"], name="mail_undelivered", condition=models.Q(state__in=["failed", "bounced"])
            ),
            models.Index(fields=["message_id"], name="mail_by_message_id"),
            models.Index(
                fields=["due_at"], name="mail_due", condition=models.Q(state__in=["queued", "sending", "delayed"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.to}"

    def count_as_perhaps_sent(self) -> None:
        self.context[PERHAPS_SENT] = self.context.get(PERHAPS_SENT, 0) + 1

    def queue_anew(self, *, now: datetime) -> None:
        """As if it had never been tried. Not saved: ANEW names the columns."""
        self.state, self.due_at, self.attempts, self.error = MailState.QUEUED, now, 0, ""
        self.woken_at = self.sent_at = self.bounced_at = self.told_at = self.told_by = None
        self.message_id = ""
        about_attempts = (DELAYED_SINCE, HANDING_OVER, PERHAPS_SENT)
        self.context = {key: value for key, value in self.context.items() if key not in about_attempts}


class DeliveryReport(models.Model):
    """What a mail server reported about a mail of ours (RFC 3464). The digest makes reading it twice harmless."""

    digest = models.CharField(_("要約値"), max_length=64, unique=True, editable=False)
    mail = models.ForeignKey(
        OutgoingMail, models.CASCADE, verbose_name=_("送信メール"), related_name="reports", null=True, blank=True
    )
    action = models.CharField(_("結果"), max_length=10, choices=ReportAction)
    status = models.CharField(_("状態コード"), max_length=12, blank=True)
    diagnostic = models.CharField(_("相手のサーバーの説明"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("受信日時"))

    class Meta:
        verbose_name = _("配送の報告")
        verbose_name_plural = _("配送の報告")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.status}"
