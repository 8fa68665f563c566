from datetime import timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.enums import CancelChannel, Requirement, Weekday
from booking.policies import BookingPolicy
from offices.enums import MeetingSoftware
from offices.models import Office
from terms.models import TermsDocument


class ServiceQuerySet(models.QuerySet["Service"]):
    def open_to_seekers(self) -> "ServiceQuerySet":
        return self.filter(is_active=True, office__is_active=True)

    def visible_to(self, user: Any) -> "ServiceQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class Service(models.Model):
    """相談メニュー: a kind of session at an office, with the office's own rules as data."""

    LENGTHS = [(30, _("30分")), (45, _("45分"))]

    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="services")
    name = models.CharField(_("名称"), max_length=60)
    description = models.TextField(_("説明"), blank=True)
    length_minutes = models.PositiveSmallIntegerField(_("相談時間"), choices=LENGTHS, default=30)
    step_minutes = models.PositiveSmallIntegerField(
        _("開始時刻の間隔（分）"), default=30, validators=[MinValueValidator(5), MaxValueValidator(120)]
    )
    opens_months_before = models.PositiveSmallIntegerField(
        _("予約開始（か月前）"), default=1, validators=[MaxValueValidator(12)]
    )
    closes_days_before = models.PositiveSmallIntegerField(
        _("予約締切（日前）"),
        default=1,
        help_text=_("1は前日まで。当日の予約は受け付けません。"),
        validators=[MinValueValidator(1), MaxValueValidator(366)],
    )
    closes_at = models.TimeField(_("予約締切の時刻"), null=True, blank=True, help_text=_("空欄はその日の24時まで。"))
    cancel_channel = models.CharField(
        _("取消の方法"), max_length=10, choices=CancelChannel, default=CancelChannel.PORTAL
    )
    cancel_closes_days_before = models.PositiveSmallIntegerField(
        _("取消期限（日前）"), default=0, validators=[MaxValueValidator(366)]
    )
    cancel_closes_at = models.TimeField(
        _("取消期限の時刻"), null=True, blank=True, help_text=_("空欄はその日の24時まで。0日前で空欄なら開始時刻まで。")
    )
    seeker_number = models.CharField(_("求職番号"), max_length=10, choices=Requirement, default=Requirement.OPTIONAL)
    topic = models.CharField(_("相談内容"), max_length=10, choices=Requirement, default=Requirement.OPTIONAL)
    meeting_software = models.CharField(
        _("会議ソフト"),
        max_length=10,
        choices=MeetingSoftware,
        blank=True,
        help_text=_("空欄は、安定所に登録した会議ソフトを使います。"),
    )
    terms = models.ForeignKey(
        TermsDocument,
        models.PROTECT,
        verbose_name=_("利用規約"),
        related_name="+",
        limit_choices_to={"kind": "service"},
    )
    software_terms = models.ForeignKey(
        TermsDocument,
        models.PROTECT,
        verbose_name=_("会議ソフトの規約"),
        related_name="+",
        limit_choices_to={"kind": "software"},
    )
    preparation = models.TextField(_("準備していただくこと"), blank=True)
    position = models.PositiveSmallIntegerField(_("並び順"), default=0)
    is_active = models.BooleanField(_("公開"), default=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("相談メニュー")
        verbose_name_plural = _("相談メニュー")
        ordering = ["office", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["office", "name"], name="service_name_unique_in_office"),
            models.CheckConstraint(
                condition=models.Q(length_minutes__in=[30, 45]),
                name="session_lasts_30_or_45_minutes",
                violation_error_message=_("相談時間は30分または45分です。"),
            ),
            models.CheckConstraint(
                condition=models.Q(closes_days_before__gte=1),
                name="booking_closes_the_day_before_at_the_latest",
                violation_error_message=_("予約の締切は前日以前にしてください。"),
            ),
            models.CheckConstraint(condition=models.Q(step_minutes__gte=5), name="step_at_least_five_minutes"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def policy(self) -> BookingPolicy:
        return BookingPolicy(
            length=timedelta(minutes=self.length_minutes),
            step=timedelta(minutes=self.step_minutes),
            opens_months_before=self.opens_months_before,
            closes_days_before=self.closes_days_before,
            closes_at=self.closes_at,
            cancel_channel=CancelChannel(self.cancel_channel),
            cancel_closes_days_before=self.cancel_closes_days_before,
            cancel_closes_at=self.cancel_closes_at,
        )

    @property
    def software(self) -> MeetingSoftware:
        """The service's own meeting software, else the office's."""
        return MeetingSoftware(self.meeting_software or self.office.meeting_software)

    @property
    def required_details(self) -> list[str]:
        """The names of the details without which nobody can book: asked by the form, enforced by the flow."""
        asked = {"seeker_number": self.seeker_number, "topic": self.topic}
        return ["name", "phone", *(name for name, mark in asked.items() if mark == Requirement.REQUIRED)]


class ServiceHours(models.Model):
    """A window of the week in which the service may be booked; a session lies wholly inside one (H-22)."""

    service = models.ForeignKey(Service, models.CASCADE, verbose_name=_("相談メニュー"), related_name="hours")
    weekday = models.PositiveSmallIntegerField(_("曜日"), choices=Weekday)
    opens = models.TimeField(_("開始"))
    closes = models.TimeField(_("終了"))

    class Meta:
        verbose_name = _("受付時間帯")
        verbose_name_plural = _("受付時間帯")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")),
                name="service_hours_close_after_open",
                violation_error_message=_("終了は開始より後の時刻にしてください。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}〜{self.closes:%H:%M}"
