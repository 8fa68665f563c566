import secrets
from datetime import datetime, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.db import TsTzRange
from booking.enums import CAN_BE_ENTERED, LIVE_MEETING, WAITING_FOR_EFFECT, MeetingState
from booking.models.link import MeetingLink
from booking.models.reservation import Reservation
from booking.policies import LINK_FOLLOWS_AFTER
from offices.enums import MeetingSoftware


def new_ref() -> str:
    """Sixteen hex characters that mark a meeting as ours without naming anybody (zoom contract C.7)."""
    return secrets.token_hex(8)


class OnlineMeetingQuerySet(models.QuerySet["OnlineMeeting"]):
    def lock(self) -> "OnlineMeetingQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def request_for(self, reservation: Reservation, *, now: datetime) -> "OnlineMeeting":
        """Write the row of a meeting that is to be opened for the time of the reservation."""
        return self.create(
            reservation=reservation,
            software=reservation.service.software,
            host=reservation.meeting_host_id or "",
            starts_at=reservation.starts_at,
            ends_at=reservation.ends_at,
            requested_at=now,
            next_attempt_at=now,
        )

    def live(self) -> "OnlineMeetingQuerySet":
        return self.filter(state__in=LIVE_MEETING)

    def left_behind(self, now: datetime) -> "OnlineMeetingQuerySet":
        """Rows that still need an effect and whose next attempt is due."""
        return self.filter(state__in=WAITING_FOR_EFFECT, next_attempt_at__lte=now)

    def late(self, now: datetime) -> "OnlineMeetingQuerySet":
        """Requested some time ago and still not open: staff see these."""
        return self.live().exclude(state__in=CAN_BE_ENTERED).filter(requested_at__lte=now - LINK_FOLLOWS_AFTER)

    def open_of(self, reservation: Reservation) -> "OnlineMeeting | None":
        """The meeting that can be entered."""
        return self.filter(reservation=reservation, state__in=CAN_BE_ENTERED).first()


class OnlineMeeting(models.Model):
    """The meeting of a reservation at the meeting software: written with the reservation, opened by a task."""

    reservation = models.ForeignKey(Reservation, models.PROTECT, verbose_name=_("予約"), related_name="meetings")
    software = models.CharField(_("会議ソフト"), max_length=10, choices=MeetingSoftware)
    state = models.CharField(_("状態"), max_length=10, choices=MeetingState, default=MeetingState.REQUESTED)
    ref = models.CharField(_("目印"), max_length=16, unique=True, default=new_ref, editable=False)
    host = models.CharField(_("ホスト"), max_length=254, blank=True)
    link = models.ForeignKey(
        MeetingLink, models.PROTECT, verbose_name=_("会議のURL"), related_name="meetings", null=True, blank=True
    )
    exclusive_link = models.CharField(max_length=500, null=True, blank=True, editable=False)
    """The address, when only one session at a time may use it; None for Zoom, telephone and rooms with a lobby."""
    starts_at = models.DateTimeField(_("開始"))
    ends_at = models.DateTimeField(_("終了"))
    meeting_id = models.CharField(_("ミーティングID"), max_length=20, blank=True)
    join_url = models.CharField(_("参加URL"), max_length=500, blank=True)
    passcode = models.CharField(_("パスコード"), max_length=20, blank=True)
    requested_at = models.DateTimeField(_("依頼日時"))
    next_attempt_at = models.DateTimeField(_("次の試行"))
    leased_until = models.DateTimeField(_("処理中（この時刻まで）"), null=True, blank=True)
    opened_at = models.DateTimeField(_("作成日時"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("試行回数"), default=0)
    error = models.CharField(_("エラー"), max_length=300, blank=True)

    objects = OnlineMeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("オンライン会議")
        verbose_name_plural = _("オンライン会議")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reservation"],
                condition=models.Q(state__in=LIVE_MEETING),
                name="one_live_meeting_per_reservation",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=CAN_BE_ENTERED)
                | ~models.Q(meeting_id="")
                | models.Q(software=MeetingSoftware.PHONE)
                | (models.Q(software=MeetingSoftware.LINK) & ~models.Q(join_url="")),
                name="open_meeting_can_be_entered",
            ),
            ExclusionConstraint(
                name="link_serves_one_session_at_a_time",
                expressions=[
                    (TsTzRange("starts_at", "ends_at", RangeBoundary(inclusive_upper=True)), RangeOperators.OVERLAPS),
                    ("exclusive_link", RangeOperators.EQUAL),
                ],
                condition=models.Q(state__in=LIVE_MEETING),
                violation_error_message=_("このURLは、同じ時間か、すぐ前か後の相談で使います。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="meeting_left_behind",
                condition=models.Q(state__in=list(WAITING_FOR_EFFECT)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_software_display()} {self.display_id or self.ref}"

    @property
    def minutes(self) -> int:
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)

    @property
    def display_id(self) -> str:
        """The meeting number in groups: 11 digits 3-4-4, 10 digits 3-3-4, 9 digits 3-3-3 (contract C.4)."""
        sizes = {11: (3, 4, 4), 10: (3, 3, 4), 9: (3, 3, 3)}.get(len(self.meeting_id))
        if sizes is None:
            return self.meeting_id
        first, second, _last = sizes
        digits = self.meeting_id
        return f"{digits[:first]} {digits[first : first + second]} {digits[first + second :]}"
