from datetime import date
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.enums import Ground
from booking.models.guest import Guest, is_same_person
from booking.models.policy import today
from booking.models.reservation import Reservation
from booking.models.schedule import Counselor
from offices.models import Office


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    def lock(self) -> "RestrictionQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def visible_to(self, user: Any) -> "RestrictionQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))

    def in_force(self, on: date) -> "RestrictionQuerySet":
        """Both days included; a lifted one no longer."""
        runs = models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=on)
        return self.filter(runs, begins_on__lte=on, lifted_at__isnull=True)

    def of_person(self, person: Any) -> "RestrictionQuerySet":
        """Of the account or the guest, and of the other one with the same mail address."""
        return self.filter(is_same_person(person))


class Restriction(models.Model):
    """利用制限: decided by staff, with its ground, its end and the text the person reads (K-25, J-32, J-35).

    Neutral in what the person sees; there is no field for a nationality, anywhere (X-15).
    """

    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="restrictions")
    seeker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("求職者"), null=True, blank=True, related_name="+"
    )
    guest = models.ForeignKey(
        Guest, models.PROTECT, verbose_name=_("アカウントのない方"), null=True, blank=True, related_name="+"
    )
    reservation = models.ForeignKey(
        Reservation,
        models.PROTECT,
        verbose_name=_("きっかけの予約"),
        null=True,
        blank=True,
        related_name="restrictions",
    )
    ground = models.CharField(_("理由の区分"), max_length=24, choices=Ground)
    reason = models.CharField(_("理由（職員用）"), max_length=300)
    text = models.TextField(
        _("本人への文面"), help_text=_("メールでこのまま送ります。国籍や在留資格には触れないでください。")
    )
    begins_on = models.DateField(_("開始日"), default=today)
    ends_on = models.DateField(_("終了日"), null=True, blank=True, help_text=_("この日まで。空欄は解除するまで。"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("決めた職員"), related_name="+"
    )
    decided_at = models.DateTimeField(_("決めた日時"))
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("解除した職員"),
        null=True,
        blank=True,
        related_name="+",
    )
    lifted_at = models.DateTimeField(_("解除した日時"), null=True, blank=True)
    lifted_reason = models.CharField(_("解除の理由"), max_length=300, blank=True)

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        verbose_name = _("利用制限")
        verbose_name_plural = _("利用制限")
        ordering = ["-begins_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(seeker__isnull=False, guest__isnull=True)
                | models.Q(seeker__isnull=True, guest__isnull=False),
                name="restriction_is_of_one_person",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("begins_on")),
                name="restriction_ends_after_begin",
                violation_error_message=_("終了日は開始日以後にしてください。"),
            ),
        ]

    def __str__(self) -> str:
        """Without the ground: reception reads it above the page."""
        return f"{self._meta.verbose_name} {self.begins_on:%Y-%m-%d}〜"

    @property
    def person(self) -> Any:
        return self.seeker or self.guest


class RecognitionQuerySet(models.QuerySet["Recognition"]):
    def lock(self) -> "RecognitionQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def visible_to(self, user: Any) -> "RecognitionQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))

    def in_force(self, on: date) -> "RecognitionQuerySet":
        runs = models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=on)
        return self.filter(runs, begins_on__lte=on, revoked_at__isnull=True)


class Recognition(models.Model):
    """利用の認定: the office recognises a person (J-07, H-16), perhaps with a counselor of their own (H-07)."""

    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="recognitions")
    seeker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("求職者"), related_name="recognitions"
    )
    counselor = models.ForeignKey(
        Counselor, models.PROTECT, verbose_name=_("担当の相談員"), null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("理由"), max_length=300)
    begins_on = models.DateField(_("開始日"), default=today)
    ends_on = models.DateField(_("終了日"), null=True, blank=True, help_text=_("この日まで。空欄は取り消すまで。"))
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("認めた職員"), related_name="+"
    )
    granted_at = models.DateTimeField(_("認めた日時"))
    revoked_at = models.DateTimeField(_("取り消した日時"), null=True, blank=True)

    objects = RecognitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("利用の認定")
        verbose_name_plural = _("利用の認定")
        ordering = ["-begins_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "seeker"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_recognition_per_office",
                violation_error_message=_("この方の認定は、すでにあります。"),
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("begins_on")),
                name="recognition_ends_after_begin",
                violation_error_message=_("終了日は開始日以後にしてください。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seeker} {self.office}"


class ConsequenceRuleQuerySet(models.QuerySet["ConsequenceRule"]):
    def visible_to(self, user: Any) -> "ConsequenceRuleQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))

    def of_office(self, office_id: int, *, on: date) -> "ConsequenceRule | None":
        return self.filter(office=office_id, in_force_on__lte=on).order_by("-in_force_on").first()


class ConsequenceRule(models.Model):
    """What an office does about reservations nobody came to (K-25, H-28, S-28). A person decides; this proposes."""

    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="consequence_rules")
    in_force_on = models.DateField(_("施行日"))
    within_months = models.PositiveSmallIntegerField(
        _("数える期間（か月）"), default=6, validators=[MinValueValidator(1)]
    )
    warns_from = models.PositiveSmallIntegerField(
        _("お願いのメール（回から）"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("空欄は送りません。"),
    )
    restricts_from = models.PositiveSmallIntegerField(
        _("利用制限（回から）"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("空欄は制限しません。"),
    )
    restricts_months = models.PositiveSmallIntegerField(
        _("制限の期間（か月）"), default=1, validators=[MinValueValidator(1)]
    )

    objects = ConsequenceRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("無断欠席への対応")
        verbose_name_plural = _("無断欠席への対応")
        ordering = ["office", "in_force_on"]
        constraints = [
            models.UniqueConstraint(fields=["office", "in_force_on"], name="one_consequence_rule_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.office} {self.in_force_on:%Y-%m-%d}〜"
