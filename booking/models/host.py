"""Whose Zoom user opens the meeting: one of a counselor's own, or one of the pool of an office or a bureau."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from audit.permissions import is_national
from offices.models import Bureau, Office

MOST_CALLS_A_DAY = 100
"""Create and update calls that Zoom allows for one host until 0:00 UTC (zoom contract C.5)."""
CALLS_FOR_NEW_MEETINGS = 70
"""From here on new sessions go to other hosts first: 30 calls stay for moves. A host has about 16 sessions a day."""


def day_of_zoom(now: datetime) -> date:
    """Zoom's counters begin anew at 0:00 UTC, 9:00 in Japan (zoom contract C.5)."""
    return now.astimezone(UTC).date()


class MeetingHostQuerySet(models.QuerySet["MeetingHost"]):
    def lock(self) -> "MeetingHostQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def active(self) -> "MeetingHostQuerySet":
        return self.filter(is_active=True)

    def pool_of(self, office: Office) -> "MeetingHostQuerySet":
        """Those that no counselor has for themself: of the office, and of its bureau."""
        whose = models.Q(office=office)
        if office.bureau_id is not None:
            whose |= models.Q(bureau=office.bureau_id)
        return self.filter(whose, counselor__isnull=True)

    def with_calls(self, day: date) -> Any:
        """`calls_today`: create and update calls made on that day of Zoom's."""
        calls = HostCalls.objects.filter(host=models.OuterRef("pk"), day=day).values("count")
        return self.annotate(calls_today=Coalesce(models.Subquery(calls), 0))

    def visible_to(self, user: Any) -> "MeetingHostQuerySet":
        """Those of the person's offices, and of the bureaus of these."""
        if is_national(user):
            return self
        offices = Office.objects.of_staff(user)
        return self.filter(models.Q(office__in=offices) | models.Q(bureau__in=offices.values("bureau")))


class MeetingHost(models.Model):
    """Zoomのユーザー: hosts one live meeting at a time (zoom contract C.8). The address is its identity, in lower case."""

    address = models.CharField(
        _("Zoomのユーザー"), max_length=254, primary_key=True, help_text=_("Zoomに登録したメールアドレス")
    )
    office = models.ForeignKey(
        Office, models.PROTECT, verbose_name=_("安定所"), related_name="meeting_hosts", null=True, blank=True
    )
    bureau = models.ForeignKey(
        Bureau,
        models.PROTECT,
        verbose_name=_("労働局"),
        related_name="meeting_hosts",
        null=True,
        blank=True,
        help_text=_("労働局を選ぶと、その局のすべての安定所で使います。"),
    )
    buffer_minutes = models.PositiveSmallIntegerField(
        _("次の相談まで空ける時間（分）"),
        default=0,
        help_text=_("前の相談が延びても次が始められるように、何人かで使うユーザーは5分以上空けます。"),
    )
    is_active = models.BooleanField(_("使う"), default=True)

    objects = MeetingHostQuerySet.as_manager()

    class Meta:
        verbose_name = _("Zoomのユーザー")
        verbose_name_plural = _("Zoomのユーザー")
        ordering = ["address"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(office__isnull=False, bureau__isnull=True)
                | models.Q(office__isnull=True, bureau__isnull=False),
                name="meeting_host_is_of_office_or_bureau",
                violation_error_message=_("安定所か労働局の、どちらか一方を選んでください。"),
            ),
            models.CheckConstraint(
                condition=models.Q(address=Lower("address")),
                name="meeting_host_in_lower_case",
                violation_error_message=_("Zoomのユーザーは、小文字で入力してください。"),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def buffer(self) -> timedelta:
        return timedelta(minutes=self.buffer_minutes)


class HostCalls(models.Model):
    """How many create and update calls were made for a host on a day of Zoom's: at most 100 (zoom contract C.5)."""

    host = models.ForeignKey(MeetingHost, models.CASCADE, verbose_name=_("Zoomのユーザー"), related_name="calls")
    day = models.DateField(_("日（協定世界時）"))
    count = models.PositiveSmallIntegerField(_("回数"), default=0)

    class Meta:
        verbose_name = _("Zoomの呼び出し回数")
        verbose_name_plural = _("Zoomの呼び出し回数")
        constraints = [models.UniqueConstraint(fields=["host", "day"], name="calls_once_per_host_and_day")]

    def __str__(self) -> str:
        return f"{self.host_id} {self.day}: {self.count}"
