from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.policies import BookingPolicy
from offices.enums import MeetingSoftware, PhoneCaller
from offices.models import Office
from terms.models import TermsDocument

if TYPE_CHECKING:
    from booking.models.policy import PolicyVersion


class ServiceQuerySet(models.QuerySet["Service"]):
    def open_to_seekers(self) -> "ServiceQuerySet":
        """Published, and with rules: they may come into force later, booking waits for that."""
        return self.filter(is_active=True, office__is_active=True, policy_versions__isnull=False).distinct()

    def visible_to(self, user: Any) -> "ServiceQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class Service(models.Model):
    """相談メニュー: a kind of session at an office. Its rules are dated versions (booking.models.policy)."""

    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="services")
    name = models.CharField(_("名称"), max_length=60)
    description = models.TextField(_("説明"), blank=True)
    meeting_software = models.CharField(
        _("会議ソフト"),
        max_length=10,
        choices=MeetingSoftware,
        blank=True,
        help_text=_("空欄は、安定所に登録した会議ソフトを使います。"),
    )
    software_name = models.CharField(
        _("会議ソフトの名前"),
        max_length=30,
        blank=True,
        help_text=_("会議のURLを使うときの名前です。例: TeleOffice"),
    )
    phone_caller = models.CharField(_("電話をかける側"), max_length=8, choices=PhoneCaller, default=PhoneCaller.OFFICE)
    phone_number = models.CharField(
        _("相談の電話番号"),
        max_length=20,
        blank=True,
        help_text=_("電話の相談で、利用者からかけるときの番号です。空欄は、安定所の代表番号です。"),
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
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def versions(self) -> "list[PolicyVersion]":
        """All versions of the rules, the earliest first: one query, or none when they were prefetched."""
        return list(self.policy_versions.all())

    def version_on(self, day: date) -> "PolicyVersion":
        """The version in force on that day; before the first one's day, the first. Raises LookupError without any."""
        if not self.versions:
            raise LookupError(f"service {self.pk} has no rules")
        in_force = [version for version in self.versions if version.in_force_on <= day]
        return in_force[-1] if in_force else self.versions[0]

    def policy_on(self, day: date) -> BookingPolicy:
        return self.version_on(day).policy

    def is_in_force(self, *, on: date) -> bool:
        """Does it have rules yet on that day?"""
        return any(version.in_force_on <= on for version in self.versions)

    @property
    def software(self) -> MeetingSoftware:
        """The service's own meeting software, else the office's."""
        return MeetingSoftware(self.meeting_software or self.office.meeting_software)

    @property
    def software_label(self) -> str:
        """What people call it."""
        return self.label_of(self.software)

    def label_of(self, software: MeetingSoftware) -> str:
        """Sessions made before the software was changed keep theirs; the name is that of a link alone."""
        if software == MeetingSoftware.LINK:
            return self.software_name or gettext("ビデオ会議")
        return str(software.label)
