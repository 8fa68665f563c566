from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.enums import Language, Weekday
from booking.models.host import MeetingHost
from booking.models.service import Service
from offices.models import Office, StaffMembership


class CounselorQuerySet(models.QuerySet["Counselor"]):
    def lock(self) -> "CounselorQuerySet":
        """Queue on the counselor's row before inserting a reservation: the constraint alone deadlocks (ADR 2)."""
        return self.select_for_update(of=("self",), no_key=True)

    def with_own_host(self) -> "CounselorQuerySet":
        return self.select_related("meeting_host")

    def offering(self, service: Service) -> "CounselorQuerySet":
        return self.filter(office=service.office_id, services=service, is_active=True)

    def with_languages_of_office(self) -> Any:
        """`languages_of_office`: what the interpreters of the counselor's office speak; in the same query."""
        hours = InterpreterHours.objects.filter(office=models.OuterRef("office")).order_by("language")
        return self.annotate(languages_of_office=ArraySubquery(hours.values("language").distinct()))

    def visible_to(self, user: Any) -> "CounselorQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class Counselor(models.Model):
    """相談員: a staff member whose calendar can be booked. The name is what seekers see."""

    membership = models.OneToOneField(
        StaffMembership, models.PROTECT, verbose_name=_("所属"), related_name="counselor", null=True, blank=True
    )
    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="counselors")
    name = models.CharField(_("表示名"), max_length=60)
    services = models.ManyToManyField(
        Service, verbose_name=_("担当する相談メニュー"), related_name="counselors", blank=True
    )
    meeting_host = models.OneToOneField(
        MeetingHost,
        models.PROTECT,
        verbose_name=_("本人のZoomのユーザー"),
        related_name="counselor",
        null=True,
        blank=True,
        help_text=_("空欄にすると、安定所や労働局で共用するZoomのユーザーを使います。"),
        error_messages={"unique": _("このZoomのユーザーは、ほかの相談員が使っています。")},
    )
    is_active = models.BooleanField(_("予約を受け付ける"), default=True)

    objects = CounselorQuerySet.as_manager()

    class Meta:
        verbose_name = _("相談員")
        verbose_name_plural = _("相談員")
        ordering = ["office", "name"]

    def __str__(self) -> str:
        return self.name


class OpeningWindowQuerySet(models.QuerySet["OpeningWindow"]):
    def touching(self, first_day: date, last_day: date) -> "OpeningWindowQuerySet":
        """Windows that may open on some day from the first to the last (both included)."""
        return self.filter(begins_on__lte=last_day).filter(
            models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=first_day)
        )

    def visible_to(self, user: Any) -> "OpeningWindowQuerySet":
        return self.filter(counselor__in=Counselor.objects.visible_to(user))


class OpeningWindow(models.Model):
    """受付枠: a counselor can be booked from `opens` to `closes`, every week on a weekday or on a single day.

    Weekly: `weekday` is set, from `begins_on` to `ends_on` (both included; None is without end).
    Single day: `weekday` is empty and `ends_on` equals `begins_on`.
    """

    counselor = models.ForeignKey(Counselor, models.CASCADE, verbose_name=_("相談員"), related_name="opening_windows")
    weekday = models.PositiveSmallIntegerField(
        _("曜日"), choices=Weekday, null=True, blank=True, help_text=_("空欄にすると、開始日の1日だけの枠になります。")
    )
    begins_on = models.DateField(_("開始日"))
    ends_on = models.DateField(_("終了日"), null=True, blank=True)
    opens = models.TimeField(_("開始時刻"))
    closes = models.TimeField(_("終了時刻"))

    objects = OpeningWindowQuerySet.as_manager()

    class Meta:
        verbose_name = _("受付枠")
        verbose_name_plural = _("受付枠")
        ordering = ["counselor", "begins_on", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")),
                name="opening_window_closes_after_open",
                violation_error_message=_("終了時刻は開始時刻より後にしてください。"),
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("begins_on")),
                name="opening_window_ends_after_begin",
                violation_error_message=_("終了日は開始日以後にしてください。"),
            ),
            models.CheckConstraint(
                condition=models.Q(weekday__isnull=False) | models.Q(ends_on=models.F("begins_on")),
                name="single_day_window_ends_the_same_day",
                violation_error_message=_("1日だけの枠では、終了日を開始日と同じにしてください。"),
            ),
        ]

    def __str__(self) -> str:
        when = self.get_weekday_display() if self.weekday is not None else f"{self.begins_on}"
        return f"{self.counselor} {when} {self.opens:%H:%M}〜{self.closes:%H:%M}"

    def is_on(self, day: date) -> bool:
        if day < self.begins_on or (self.ends_on is not None and day > self.ends_on):
            return False
        return self.weekday is None or self.weekday == day.weekday()


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def touching(self, start: datetime, end: datetime) -> "AbsenceQuerySet":
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def visible_to(self, user: Any) -> "AbsenceQuerySet":
        return self.filter(counselor__in=Counselor.objects.visible_to(user))


class Absence(models.Model):
    """不在: a counselor is away in [starts_at, ends_at)."""

    counselor = models.ForeignKey(Counselor, models.CASCADE, verbose_name=_("相談員"), related_name="absences")
    starts_at = models.DateTimeField(_("開始"))
    ends_at = models.DateTimeField(_("終了"))
    reason = models.CharField(_("理由"), max_length=100, blank=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("不在")
        verbose_name_plural = _("不在")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="absence_ends_after_start",
                violation_error_message=_("終了は開始より後にしてください。"),
            )
        ]
        indexes = [models.Index(fields=["counselor", "ends_at"], name="absence_by_end")]

    def __str__(self) -> str:
        return f"{self.counselor} {self.starts_at:%Y-%m-%d %H:%M}〜"


class InterpreterHoursQuerySet(models.QuerySet["InterpreterHours"]):
    def lock(self) -> "InterpreterHoursQuerySet":
        """After the counselor, before the reservation: two sessions never count on the same free interpreter."""
        return self.select_for_update(of=("self",), no_key=True)

    def visible_to(self, user: Any) -> "InterpreterHoursQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class InterpreterHours(models.Model):
    """通訳の対応時間: in these hours of the week the office has so many interpreters of a language."""

    office = models.ForeignKey(Office, models.CASCADE, verbose_name=_("安定所"), related_name="interpreter_hours")
    language = models.CharField(_("言語"), max_length=4, choices=Language)
    weekday = models.PositiveSmallIntegerField(_("曜日"), choices=Weekday)
    opens = models.TimeField(_("開始"))
    closes = models.TimeField(_("終了"))
    seats = models.PositiveSmallIntegerField(_("人数"), default=1, validators=[MinValueValidator(1)])

    objects = InterpreterHoursQuerySet.as_manager()

    class Meta:
        verbose_name = _("通訳の対応時間")
        verbose_name_plural = _("通訳の対応時間")
        ordering = ["office", "language", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")),
                name="interpreter_hours_close_after_open",
                violation_error_message=_("終了は開始より後の時刻にしてください。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_language_display()} {self.get_weekday_display()} {self.opens:%H:%M}〜{self.closes:%H:%M}"
