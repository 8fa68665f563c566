from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from booking.enums import IN_LINE, Language, WaitingState
from booking.models.reservation import Reservation
from booking.models.schedule import Counselor
from booking.models.service import Service
from offices.models import Office


class WaitingEntryQuerySet(models.QuerySet["WaitingEntry"]):
    def lock(self) -> "WaitingEntryQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def in_line(self) -> "WaitingEntryQuerySet":
        """Those who wait or are being offered a place, the first in line first."""
        return self.filter(state__in=IN_LINE).order_by("joined_at", "pk")

    def waiting(self) -> "WaitingEntryQuerySet":
        """Those to whom no place is offered at this moment, the first in line first."""
        return self.in_line().filter(state=WaitingState.WAITING)

    def of_seeker(self, user: Any) -> "WaitingEntryQuerySet":
        return self.filter(seeker=user)

    def with_facts(self) -> "WaitingEntryQuerySet":
        """Loads what pages, mails and the search for a place speak of."""
        return self.select_related("service__office", "seeker", "counselor", "reservation").prefetch_related(
            "service__policy_versions"
        )

    def back_in_line(self, reservation: Reservation) -> int:
        """Whoever was offered this place waits again, at the same position."""
        offered = self.filter(reservation=reservation, state=WaitingState.OFFERED)
        return offered.update(state=WaitingState.WAITING, reservation=None)

    def visible_to(self, user: Any) -> "WaitingEntryQuerySet":
        return self.filter(service__office__in=Office.objects.of_staff(user))


class WaitingEntry(models.Model):
    """空き待ち: a seeker waits for a place of a service between two days (both included). First come, first offered."""

    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("相談メニュー"), related_name="waiting_entries")
    seeker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("求職者"), related_name="waiting_entries"
    )
    counselor = models.ForeignKey(
        Counselor, models.PROTECT, verbose_name=_("希望する相談員"), null=True, blank=True, related_name="+"
    )
    office_interpreter = models.CharField(_("ハローワークの通訳"), max_length=4, choices=Language, blank=True)
    first_day = models.DateField(_("いつから"))
    last_day = models.DateField(_("いつまで"))
    joined_at = models.DateTimeField(_("申込日時"))
    state = models.CharField(_("状態"), max_length=8, choices=WaitingState, default=WaitingState.WAITING)
    ended_at = models.DateTimeField(_("終わった日時"), null=True, blank=True)
    reservation = models.ForeignKey(
        Reservation,
        models.PROTECT,
        verbose_name=_("案内中の空き"),
        null=True,
        blank=True,
        related_name="waiting_entries",
    )
    """The place that is offered now, or that was taken."""

    objects = WaitingEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("空き待ち")
        verbose_name_plural = _("空き待ち")
        ordering = ["joined_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "seeker"], condition=models.Q(state__in=IN_LINE), name="wait_once_per_service"
            ),
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="waiting_ends_after_begin"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=WaitingState.OFFERED) | models.Q(reservation__isnull=False),
                name="offered_entry_has_a_place",
            ),
        ]
        indexes = [
            models.Index(
                fields=["service", "joined_at"], name="waiting_in_line", condition=models.Q(state__in=IN_LINE)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.first_day:%Y-%m-%d}〜{self.last_day:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("booking:waiting", args=[self.pk])

    @property
    def is_in_line(self) -> bool:
        return self.state in IN_LINE

    @property
    def position(self) -> int:
        """1 is who is asked first. Everybody in line for the service counts, whatever days they wait for."""
        line = WaitingEntry.objects.in_line().filter(service=self.service_id)
        same_moment = models.Q(joined_at=self.joined_at, pk__lt=self.pk)
        return line.filter(models.Q(joined_at__lt=self.joined_at) | same_moment).count() + 1


class Offer(models.Model):
    """A place that was offered to somebody in line, so that the same place is never offered to them twice."""

    entry = models.ForeignKey(WaitingEntry, models.PROTECT, verbose_name=_("空き待ち"), related_name="offers")
    reservation = models.OneToOneField(Reservation, models.PROTECT, verbose_name=_("予約"), related_name="offer")
    offered_at = models.DateTimeField(_("案内した日時"))

    class Meta:
        verbose_name = _("空きのご案内")
        verbose_name_plural = _("空きのご案内")

    def __str__(self) -> str:
        return f"{self.entry} {self.reservation}"


class UnmetDemand(models.Model):
    """How often people found no time, or began to wait, on a day: numbers without names."""

    class Kind(models.TextChoices):
        FOUND_NOTHING = "found_nothing", _("空きが見つからなかった")
        WAITING = "waiting", _("空き待ちをした")

    service = models.ForeignKey(Service, models.CASCADE, verbose_name=_("相談メニュー"), related_name="unmet_demand")
    day = models.DateField(_("日付"))
    kind = models.CharField(_("種類"), max_length=14, choices=Kind)
    count = models.PositiveIntegerField(_("回数"), default=0)

    class Meta:
        verbose_name = _("空きがなかった回数")
        verbose_name_plural = _("空きがなかった回数")
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["service", "day", "kind"], name="unmet_demand_counted_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.get_kind_display()} {self.count}"
