from datetime import time
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.permissions import is_national
from offices.enums import MeetingSoftware


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
