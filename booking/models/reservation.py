import secrets
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from booking.db import TsTzRange
from booking.enums import NEVER_BOOKED, OCCUPYING, UPCOMING, Action, Companion, ReservationStatus
from booking.models.schedule import Counselor
from booking.models.service import Service
from offices.models import Office

NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, O, 1, I and L: read over the phone without asking back."""


def new_number() -> str:
    """Eight random characters, about 39 bits: short enough to say, not guessable as a sequence."""
    return "".join(secrets.choice(NUMBER_ALPHABET) for _position in range(8))


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def lock(self) -> "ReservationQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def occupying(self, now: datetime) -> "ReservationQuerySet":
        """Rows that take up time at this moment: a hold whose time is over no longer does, swept or not."""
        return self.filter(status__in=OCCUPYING).exclude(status=ReservationStatus.HELD, hold_expires_at__lte=now)

    def touching(self, start: datetime, end: datetime) -> "ReservationQuerySet":
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def booked(self) -> "ReservationQuerySet":
        """Everything that ever was a reservation, cancelled ones included; no bare holds."""
        return self.exclude(status__in=NEVER_BOOKED)

    def upcoming(self) -> "ReservationQuerySet":
        return self.filter(status__in=UPCOMING)

    def holds(self) -> "ReservationQuerySet":
        return self.filter(status=ReservationStatus.HELD)

    def running_holds(self, now: datetime) -> "ReservationQuerySet":
        return self.holds().filter(hold_expires_at__gt=now)

    def expired_holds(self, now: datetime) -> "ReservationQuerySet":
        return self.holds().filter(hold_expires_at__lte=now)

    def without_contact(self) -> "ReservationQuerySet":
        """The seeker neither checked in nor called: what the ten-minute rule may end (K-24)."""
        return self.filter(status=ReservationStatus.CONFIRMED, contacted_at__isnull=True)

    def with_contact(self) -> "ReservationQuerySet":
        """Upcoming ones whose seeker checked in or called."""
        came = models.Q(status=ReservationStatus.CHECKED_IN) | models.Q(contacted_at__isnull=False)
        return self.upcoming().filter(came)

    def with_facts(self) -> "ReservationQuerySet":
        """Loads what refusals, mails and calendar files speak of."""
        return self.select_related("service__office", "office", "counselor", "seeker")

    def of_seeker(self, user: Any) -> "ReservationQuerySet":
        return self.filter(seeker=user)

    def strip_personal_data(self) -> int:
        """Erase what tells who it was; what the statistics need stays."""
        return self.update(
            name="",
            kana="",
            phone="",
            phone_e164="",
            seeker_number="",
            topic="",
            companions=[],
            interpreter_language="",
        )

    def visible_to(self, user: Any) -> "ReservationQuerySet":
        """What staff may know exists: the reservations of their own offices."""
        return self.booked().filter(office__in=Office.objects.of_staff(user))


class Reservation(models.Model):
    """予約 (or, while `held`, a 仮押さえ): one seeker, one counselor, [starts_at, ends_at)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("予約番号"), max_length=8, unique=True, default=new_number, editable=False)
    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="reservations")
    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("相談メニュー"), related_name="reservations")
    counselor = models.ForeignKey(Counselor, models.PROTECT, verbose_name=_("相談員"), related_name="reservations")
    seeker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("求職者"), related_name="reservations"
    )
    starts_at = models.DateTimeField(_("開始"))
    ends_at = models.DateTimeField(_("終了"))
    status = models.CharField(_("状態"), max_length=20, choices=ReservationStatus, default=ReservationStatus.HELD)
    hold_expires_at = models.DateTimeField(_("仮押さえの期限"), null=True, blank=True)
    counselor_was_chosen = models.BooleanField(_("相談員の指名"), default=False)

    name = models.CharField(_("氏名"), max_length=150, blank=True)
    kana = models.CharField(_("ふりがな"), max_length=150, blank=True)
    phone = models.CharField(_("電話番号"), max_length=30, blank=True)
    phone_e164 = models.CharField(_("電話番号（発信用）"), max_length=16, blank=True)
    seeker_number = models.CharField(_("求職番号"), max_length=14, blank=True)
    topic = models.TextField(_("相談内容"), blank=True)
    companions = ArrayField(
        models.CharField(max_length=12, choices=Companion), verbose_name=_("同席する方"), default=list, blank=True
    )
    interpreter_language = models.CharField(_("通訳の言語"), max_length=40, blank=True)

    created_at = models.DateTimeField(_("作成日時"), auto_now_add=True)
    reserved_at = models.DateTimeField(_("予約日時"), null=True, blank=True)
    checked_in_at = models.DateTimeField(_("入室日時"), null=True, blank=True)
    contacted_at = models.DateTimeField(_("連絡のあった日時"), null=True, blank=True)
    calendar_sequence = models.PositiveSmallIntegerField(_("カレンダーの版"), default=0)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("予約")
        verbose_name_plural = _("予約")
        ordering = ["starts_at"]
        constraints = [
            ExclusionConstraint(
                name="counselor_not_double_booked",
                expressions=[
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                    ("counselor", RangeOperators.EQUAL),
                ],
                condition=models.Q(status__in=OCCUPYING),
                violation_error_message=_("この相談員には、その時間に別の予約があります。"),
            ),
            ExclusionConstraint(
                name="seeker_not_double_booked",
                expressions=[
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                    ("seeker", RangeOperators.EQUAL),
                ],
                condition=models.Q(status__in=OCCUPYING),
                violation_error_message=_("同じ時間に別の予約があります。"),
            ),
            models.UniqueConstraint(
                fields=["seeker"],
                condition=models.Q(status=ReservationStatus.HELD),
                name="one_hold_per_seeker",
                violation_error_message=_("仮押さえは1件だけです。"),
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="reservation_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(status=ReservationStatus.HELD, hold_expires_at__isnull=False)
                | ~models.Q(status=ReservationStatus.HELD),
                name="hold_has_an_end",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=NEVER_BOOKED) | models.Q(reserved_at__isnull=False),
                name="reservation_knows_when_it_was_made",
            ),
        ]
        indexes = [
            models.Index(
                fields=["counselor", "starts_at"],
                name="occupied_by_counselor",
                condition=models.Q(status__in=OCCUPYING),
            ),
            models.Index(fields=["seeker", "starts_at"], name="reservation_of_seeker"),
            models.Index(fields=["office", "starts_at"], name="reservation_of_office"),
            models.Index(
                fields=["hold_expires_at"],
                name="hold_by_end",
                condition=models.Q(status=ReservationStatus.HELD),
            ),
            models.Index(
                fields=["starts_at"],
                name="upcoming_by_start",
                condition=models.Q(status__in=UPCOMING),
            ),
        ]

    def __str__(self) -> str:
        return self.display_number

    def get_absolute_url(self) -> str:
        return reverse("booking:reservation", args=[self.number])

    @property
    def display_number(self) -> str:
        return f"{self.number[:4]}-{self.number[4:]}"

    def is_held(self, *, now: datetime) -> bool:
        """Held, and its time is not over, swept or not."""
        end = self.hold_expires_at
        return self.status == ReservationStatus.HELD and end is not None and now < end


class ReservationEvent(models.Model):
    """One change of a reservation: who, when, from, to, why. Append-only: a trigger refuses UPDATE and DELETE."""

    reservation = models.ForeignKey(Reservation, models.PROTECT, verbose_name=_("予約"), related_name="events")
    at = models.DateTimeField(_("日時"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("行為者"), null=True, blank=True, related_name="+"
    )
    action = models.CharField(_("操作"), max_length=20, choices=Action)
    from_status = models.CharField(_("変更前"), max_length=20, choices=ReservationStatus, blank=True)
    to_status = models.CharField(_("変更後"), max_length=20, choices=ReservationStatus)
    reason = models.CharField(_("理由"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("予約の履歴")
        verbose_name_plural = _("予約の履歴")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_action_display()}"
