import secrets
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from booking.clock import day_of
from booking.db import TsTzRange
from booking.enums import (
    NEVER_BOOKED,
    OCCUPYING,
    PENDING,
    UPCOMING,
    Action,
    Ground,
    Origin,
    Outcome,
    ReservationStatus,
)
from booking.models.details import Details
from booking.models.guest import Guest, is_same_person
from booking.models.host import MeetingHost
from booking.models.schedule import Counselor
from booking.models.service import Service
from booking.policies import BookingPolicy
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
        return self.filter(status__in=OCCUPYING).exclude(status__in=PENDING, hold_expires_at__lte=now)

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

    def run_out(self, now: datetime) -> "ReservationQuerySet":
        """Holds, and places kept for somebody's yes, whose time is over."""
        return self.filter(status__in=PENDING, hold_expires_at__lte=now)

    def without_contact(self) -> "ReservationQuerySet":
        """The seeker neither checked in nor called: what the ten-minute rule may end (K-24)."""
        return self.filter(status=ReservationStatus.CONFIRMED, contacted_at__isnull=True)

    def needing_decision(self) -> "ReservationQuerySet":
        """Nobody came, or nobody shows that the office did: staff decide (K-24). Moved ones start anew.

        Who comes or calls after staff were asked has settled the question.
        """
        asked = self.upcoming().filter(needs_decision_since__gte=models.F("starts_at"))
        came_later = models.Q(checked_in_at__gte=models.F("needs_decision_since"))
        called_later = models.Q(contacted_at__gte=models.F("needs_decision_since"))
        return asked.exclude(came_later | called_later)

    def no_shows_to_confirm(self) -> "ReservationQuerySet":
        """Staff have not said yet what follows (K-25)."""
        return self.filter(status=ReservationStatus.NO_SHOW, no_show_confirmed_at__isnull=True)

    def with_contact(self) -> "ReservationQuerySet":
        """Upcoming ones whose seeker checked in or called."""
        came = models.Q(status=ReservationStatus.CHECKED_IN) | models.Q(contacted_at__isnull=False)
        return self.upcoming().filter(came)

    def with_facts(self) -> "ReservationQuerySet":
        """Loads what refusals, mails and calendar files speak of.

        The counselor by a query of its own: a row that is moved while we wait for its lock would not match a join any
        more, and PostgreSQL would find no row.
        """
        return self.select_related("service__office", "office", "seeker__employer_profile", "guest").prefetch_related(
            "counselor", "service__policy_versions"
        )

    def of_person(self, person: Any) -> "ReservationQuerySet":
        """Of an account, or of somebody without one (models.guest.same_person)."""
        return self.filter(is_same_person(person))

    def of_seeker(self, user: Any) -> "ReservationQuerySet":
        """Of this account: what its owner sees on my page."""
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
            answers=[],
            internal_note="",
            contact_email="",
        )

    def former_proposals(self) -> "ReservationQuerySet":
        """Places that an office proposed and that came to nothing; the one proposed now is named by its request."""
        fell_through = models.Q(status=ReservationStatus.LAPSED) | models.Q(session_request__isnull=True)
        return self.filter(fell_through, origin=Origin.ARRANGED)

    def agreed(self) -> "ReservationQuerySet":
        """Leaves out what was only proposed or offered: it stands on the page of its request or waiting entry."""
        lapsed = models.Q(status__in=[ReservationStatus.PROPOSED, ReservationStatus.LAPSED])
        rows = self.exclude(lapsed | models.Q(session_request__isnull=True), origin=Origin.ARRANGED)
        unanswered = [ReservationStatus.OFFERED, ReservationStatus.LAPSED, ReservationStatus.DECLINED]
        return rows.exclude(origin=Origin.WAITING_LIST, status__in=unanswered)

    def visible_to(self, user: Any) -> "ReservationQuerySet":
        """What staff may know exists: the reservations of their own offices."""
        return self.booked().filter(office__in=Office.objects.of_staff(user))


class Reservation(Details):
    """予約 (or, while `held`, a 仮押さえ): one person, one counselor, [starts_at, ends_at).

    The person is an account (`seeker`; employers too) or somebody without one (`guest`), never both.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("予約番号"), max_length=8, unique=True, default=new_number, editable=False)
    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="reservations")
    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("相談メニュー"), related_name="reservations")
    counselor = models.ForeignKey(Counselor, models.PROTECT, verbose_name=_("相談員"), related_name="reservations")
    seeker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("求職者"),
        related_name="reservations",
        null=True,
        blank=True,
    )
    guest = models.ForeignKey(
        Guest,
        models.PROTECT,
        verbose_name=_("アカウントのない方"),
        related_name="reservations",
        null=True,
        blank=True,
    )
    origin = models.CharField(_("予約の経路"), max_length=12, choices=Origin, default=Origin.PORTAL)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("受け付けた職員"),
        null=True,
        blank=True,
        related_name="+",
    )
    starts_at = models.DateTimeField(_("開始"))
    ends_at = models.DateTimeField(_("終了"))
    status = models.CharField(_("状態"), max_length=20, choices=ReservationStatus, default=ReservationStatus.HELD)
    hold_expires_at = models.DateTimeField(_("仮押さえの期限"), null=True, blank=True)
    meeting_host = models.ForeignKey(
        MeetingHost,
        models.PROTECT,
        verbose_name=_("Zoomのユーザー"),
        related_name="reservations",
        null=True,
        blank=True,
    )
    host_until = models.DateTimeField(_("Zoomのユーザーが空く日時"), null=True, blank=True)
    counselor_was_chosen = models.BooleanField(_("相談員の指名"), default=False)

    created_at = models.DateTimeField(_("作成日時"), auto_now_add=True)
    reserved_at = models.DateTimeField(_("予約日時"), null=True, blank=True)
    checked_in_at = models.DateTimeField(_("入室日時"), null=True, blank=True)
    contacted_at = models.DateTimeField(_("連絡のあった日時"), null=True, blank=True)
    counselor_present_at = models.DateTimeField(_("相談員の待機を確認した日時"), null=True, blank=True)
    switched_to_phone_at = models.DateTimeField(_("電話に切り替えた日時"), null=True, blank=True)
    needs_decision_since = models.DateTimeField(_("職員の確認待ち"), null=True, blank=True)
    no_show_confirmed_at = models.DateTimeField(_("無断欠席を確認した日時"), null=True, blank=True)
    outcome = models.CharField(_("結果"), max_length=16, choices=Outcome, blank=True)
    stop_ground = models.CharField(_("中止の理由"), max_length=24, choices=Ground, blank=True)
    internal_note = models.TextField(_("内部メモ"), blank=True)
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
            ExclusionConstraint(
                name="guest_not_double_booked",
                expressions=[
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                    ("guest", RangeOperators.EQUAL),
                ],
                condition=models.Q(status__in=OCCUPYING),
                violation_error_message=_("同じ時間に別の予約があります。"),
            ),
            ExclusionConstraint(
                name="meeting_host_not_double_booked",
                expressions=[
                    (TsTzRange("starts_at", "host_until"), RangeOperators.OVERLAPS),
                    ("meeting_host", RangeOperators.EQUAL),
                ],
                condition=models.Q(status__in=OCCUPYING),
                violation_error_message=_("このZoomのユーザーは、その時間に別の相談で使います。"),
            ),
            models.CheckConstraint(
                condition=models.Q(meeting_host__isnull=True, host_until__isnull=True)
                | models.Q(meeting_host__isnull=False, host_until__gte=models.F("ends_at")),
                name="host_is_taken_until_the_end",
            ),
            models.CheckConstraint(
                condition=models.Q(seeker__isnull=False, guest__isnull=True)
                | models.Q(seeker__isnull=True, guest__isnull=False),
                name="reservation_is_of_one_person",
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
                condition=~models.Q(status__in=PENDING) | models.Q(hold_expires_at__isnull=False),
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
            models.Index(fields=["guest", "starts_at"], name="reservation_of_guest"),
            models.Index(fields=["office", "starts_at"], name="reservation_of_office"),
            models.Index(
                fields=["hold_expires_at"],
                name="hold_by_end",
                condition=models.Q(status__in=PENDING),
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

    @property
    def person(self) -> Any:
        """The account, or the guest."""
        return self.seeker or self.guest

    @property
    def email(self) -> str:
        """Where this person is written to; empty for somebody known by the phone alone, or gone."""
        if self.seeker is not None and not self.seeker.is_active:
            return ""
        return self.contact_email or self.person.email

    @property
    def policy(self) -> BookingPolicy:
        """What cancelling and the day of the session are judged by: the version of the session's day."""
        return self.service.policy_on(day_of(self.starts_at))

    @property
    def was_by_phone(self) -> bool:
        return self.switched_to_phone_at is not None

    @property
    def needs_decision(self) -> bool:
        """See ReservationQuerySet.needing_decision()."""
        asked_at = self.needs_decision_since
        if self.status not in UPCOMING or asked_at is None or asked_at < self.starts_at:
            return False
        return not any(moment is not None and moment >= asked_at for moment in (self.checked_in_at, self.contacted_at))

    def is_held(self, *, now: datetime) -> bool:
        """Held, and its time is not over, swept or not."""
        return self.status == ReservationStatus.HELD and not self.has_run_out(now=now)

    def has_run_out(self, *, now: datetime) -> bool:
        """Is the time over for which the place is kept? Its end is the first moment that is too late."""
        return self.hold_expires_at is None or now >= self.hold_expires_at


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
