from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.permissions import is_national
from offices.enums import AnnouncementKind, MeetingSoftware


class Bureau(models.Model):
    """労働局."""

    code = models.CharField(_("コード"), max_length=10, unique=True)
    name = models.CharField(_("名称"), max_length=60)

    class Meta:
        verbose_name = _("労働局")
        verbose_name_plural = _("労働局")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class OfficeQuerySet(models.QuerySet["Office"]):
    def open_to_seekers(self) -> "OfficeQuerySet":
        return self.filter(is_active=True)

    def of_staff(self, user: Any) -> "OfficeQuerySet":
        """The offices whose data this staff member may see; the national administrator sees all."""
        if is_national(user):
            return self.all()
        return self.filter(memberships__user=user, memberships__is_active=True)

    def visible_to(self, user: Any) -> "OfficeQuerySet":
        return self.of_staff(user)


class Office(models.Model):
    """公共職業安定所. The five digits are the first part of every 求職番号 (domain-and-standards A.1)."""

    number = models.CharField(
        _("安定所番号"),
        max_length=5,
        unique=True,
        validators=[RegexValidator(r"^\d{5}$", _("5桁の数字で入力してください。"))],
    )
    bureau = models.ForeignKey(Bureau, models.PROTECT, verbose_name=_("労働局"), null=True, blank=True)
    name = models.CharField(_("名称"), max_length=60)
    address = models.CharField(_("所在地"), max_length=200, blank=True)
    phone = models.CharField(_("電話番号"), max_length=20)
    contact_hours = models.CharField(
        _("電話受付時間"), max_length=100, help_text=_("例: 月曜から金曜 9:00〜17:00（祝日を除く）")
    )
    email = models.EmailField(_("メールアドレス"), blank=True)
    court = models.CharField(_("管轄裁判所"), max_length=60, blank=True)
    meeting_software = models.CharField(
        _("会議ソフト"), max_length=10, choices=MeetingSoftware, default=MeetingSoftware.ZOOM
    )
    reminder_at = models.TimeField(_("前日のお知らせの時刻"), default=time(15, 0))
    is_active = models.BooleanField(_("公開"), default=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = _("安定所")
        verbose_name_plural = _("安定所")
        ordering = ["number"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    COUNSELOR = "counselor", _("相談員")
    RECEPTION = "reception", _("受付")
    MANAGER = "manager", _("所長・管理者")


class StaffMembershipQuerySet(models.QuerySet["StaffMembership"]):
    def visible_to(self, user: Any) -> "StaffMembershipQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class StaffMembership(models.Model):
    """A person works at an office in one role."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("職員"), related_name="staff_memberships"
    )
    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="memberships")
    role = models.CharField(_("役割"), max_length=10, choices=Role)
    is_active = models.BooleanField(_("有効"), default=True)

    objects = StaffMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("所属")
        verbose_name_plural = _("所属")
        constraints = [
            models.UniqueConstraint(fields=["user", "office"], name="one_membership_per_office"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.office} {self.get_role_display()}"


class ClosedDayQuerySet(models.QuerySet["ClosedDay"]):
    def visible_to(self, user: Any) -> "ClosedDayQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class ClosedDay(models.Model):
    """閉庁日 of one office, beside the holidays of the administrative organs."""

    office = models.ForeignKey(Office, models.CASCADE, verbose_name=_("安定所"), related_name="closed_days")
    day = models.DateField(_("日付"))
    reason = models.CharField(_("理由"), max_length=100, blank=True)

    objects = ClosedDayQuerySet.as_manager()

    class Meta:
        verbose_name = _("閉庁日")
        verbose_name_plural = _("閉庁日")
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["office", "day"], name="closed_day_once_per_office")]

    def __str__(self) -> str:
        return f"{self.day} {self.reason}"


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def visible_to(self, user: Any) -> "AnnouncementQuerySet":
        """What staff read in the admin: the own offices' and the national ones."""
        return self.filter(models.Q(office=None) | models.Q(office__in=Office.objects.of_staff(user)))

    def national(self) -> "AnnouncementQuerySet":
        return self.filter(office=None)

    def public(self, now: datetime) -> "AnnouncementQuerySet":
        """What everybody can read, that which is over included."""
        of_open_offices = models.Q(office=None) | models.Q(office__is_active=True)
        return self.filter(of_open_offices, withdrawn_at=None, published_from__lte=now)

    def not_over(self, now: datetime) -> "AnnouncementQuerySet":
        return self.exclude(published_until__lte=now).exclude(stop_ends_at__lte=now)

    def current(self, now: datetime) -> "AnnouncementQuerySet":
        """Public and not over: what pages show, the urgent first, then the newest."""
        return self.public(now).not_over(now).order_by("-is_urgent", "-published_from", "-pk")


class Announcement(models.Model):
    """お知らせ of an office, or of the portal when it names none (J-21, J-38). Never deleted: withdrawn."""

    office = models.ForeignKey(
        Office,
        models.PROTECT,
        verbose_name=_("安定所"),
        related_name="announcements",
        null=True,
        blank=True,
        help_text=_("空欄にすると、全国のお知らせとしてトップページに出ます。"),
    )
    kind = models.CharField(_("種類"), max_length=10, choices=AnnouncementKind, default=AnnouncementKind.NOTICE)
    title = models.CharField(_("件名"), max_length=80)
    body = models.TextField(_("本文"), max_length=4000)
    is_urgent = models.BooleanField(
        _("重要"), default=False, help_text=_("一覧の先頭に出ます。全国のお知らせは、すべてのページの上にも出ます。")
    )
    published_from = models.DateTimeField(_("掲載開始"), default=timezone.now)
    published_until = models.DateTimeField(
        _("掲載終了"), null=True, blank=True, help_text=_("空欄のときは、停止が終わるか取り下げるまで掲載します。")
    )
    stop_begins_at = models.DateTimeField(_("停止の開始"), null=True, blank=True)
    stop_ends_at = models.DateTimeField(_("停止の終了"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("取り下げた日時"), null=True, blank=True, editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("お知らせ")
        verbose_name_plural = _("お知らせ")
        ordering = ["-published_from", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(published_until__gt=models.F("published_from")),
                name="announcement_ends_after_it_begins",
                violation_error_message=_("掲載終了は、掲載開始より後の日時にしてください。"),
            ),
            models.CheckConstraint(
                condition=models.Q(kind=AnnouncementKind.STOP, stop_begins_at__isnull=False, stop_ends_at__isnull=False)
                | models.Q(~models.Q(kind=AnnouncementKind.STOP), stop_begins_at=None, stop_ends_at=None),
                name="planned_stop_says_when",
                violation_error_message=_(
                    "計画停止のときは停止の開始と終了を入れてください。それ以外のときは空欄にしてください。"
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(stop_ends_at__gt=models.F("stop_begins_at")),
                name="planned_stop_ends_after_it_begins",
                violation_error_message=_("停止の終了は、停止の開始より後の日時にしてください。"),
            ),
            models.CheckConstraint(
                condition=models.Q(published_from__lt=models.F("stop_begins_at")),
                name="planned_stop_announced_beforehand",
                violation_error_message=_("計画停止は、停止が始まる前から掲載してください。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("offices:announcement", args=[self.pk])

    @property
    def ends_at(self) -> datetime | None:
        """The first moment at which it is over; None: only when somebody withdraws it."""
        ends = [moment for moment in (self.published_until, self.stop_ends_at) if moment]
        return min(ends, default=None)

    @property
    def banner_from(self) -> datetime | None:
        """When it begins to stand above every page: a planned stop from 0:00 of the day before, an urgent one at once."""
        if self.is_urgent or self.stop_begins_at is None:
            return self.published_from if self.is_urgent else None
        midnight = timezone.localtime(self.stop_begins_at).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(self.published_from, midnight - timedelta(days=1))

    def is_over(self, *, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now
