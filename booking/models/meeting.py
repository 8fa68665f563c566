import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from booking.db import TsTzRange
from booking.enums import CAN_BE_ENTERED, LIVE_MEETING, UPCOMING, WAITING_FOR_EFFECT, MeetingState
from booking.models.link import MeetingLink
from booking.models.reservation import Reservation
from booking.policies import LINK_FOLLOWS_AFTER
from booking.rules.links import why_not_link
from offices.enums import MeetingSoftware

ONE_SESSION_AT_A_TIME = "link_serves_one_session_at_a_time"


def new_ref() -> str:
    """Sixteen hex characters that mark a meeting as ours without naming anybody (zoom contract C.7)."""
    return secrets.token_hex(8)


def is_link_taken(violation: IntegrityError) -> bool:
    """Did the database refuse a link because another session that touches has it?"""
    diagnostics = getattr(violation.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) == ONE_SESSION_AT_A_TIME


class OnlineMeetingQuerySet(models.QuerySet["OnlineMeeting"]):
    def lock(self) -> "OnlineMeetingQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def request_for(self, reservation: Reservation, *, now: datetime) -> "OnlineMeeting":
        """Write the row of the meeting for the time of the reservation, by the software that its service has now.

        Zoom is asked for it later. A link comes from the office's pool, or is missing until staff enter one. Nothing
        is to be prepared for a telephone call. In the caller's transaction, after the lock of the reservation.
        """
        software = reservation.service.software
        meeting = OnlineMeeting(
            reservation=reservation,
            software=software,
            starts_at=reservation.starts_at,
            ends_at=reservation.ends_at,
            requested_at=now,
            next_attempt_at=now,
        )
        match software:
            case MeetingSoftware.ZOOM:
                meeting.host = reservation.meeting_host_id or ""
            case MeetingSoftware.LINK:
                return self._from_pool(meeting, now=now)
            case MeetingSoftware.PHONE:
                meeting.state, meeting.opened_at = MeetingState.OPEN, now
        meeting.save(force_insert=True)
        return meeting

    def _from_pool(self, meeting: "OnlineMeeting", *, now: datetime) -> "OnlineMeeting":
        """With the first free link; a link lost to somebody at the last moment is tried with the next one."""
        for link in MeetingLink.objects.lock_pool_of(meeting.reservation.office_id):
            if not self.is_link_free(link, meeting):
                continue
            meeting.take(link, now=now)
            try:
                with transaction.atomic():
                    meeting.save(force_insert=True)
            except IntegrityError as lost:
                if not is_link_taken(lost):
                    raise
            else:
                return meeting
        meeting.lose_link()
        meeting.save(force_insert=True)
        return meeting

    def is_link_free(self, link: MeetingLink, meeting: "OnlineMeeting") -> bool:
        """Its address may be followed, and no other session touches the time of this meeting, unless it has a lobby."""
        if why_not_link(link.url, allowed_hosts=settings.MEETING_LINK_HOSTS) is not None:
            return False
        return link.has_lobby or not self.touching(link.url, meeting).exists()

    def touching(self, url: str, meeting: "OnlineMeeting") -> "OnlineMeetingQuerySet":
        """Meetings of other reservations with this address that overlap, or end when this begins, or begin when it ends."""
        others = self.live().filter(join_url=url).exclude(reservation=meeting.reservation_id)
        return others.filter(starts_at__lte=meeting.ends_at, ends_at__gte=meeting.starts_at)

    def missing(self, now: datetime) -> "OnlineMeetingQuerySet":
        """Sessions still to come, or running, whose link nobody entered yet."""
        standing = self.filter(reservation__status__in=UPCOMING, reservation__ends_at__gt=now)
        return standing.filter(state=MeetingState.MISSING)

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
                name=ONE_SESSION_AT_A_TIME,
                expressions=[
                    (TsTzRange("starts_at", "ends_at", RangeBoundary(inclusive_upper=True)), RangeOperators.OVERLAPS),
                    ("exclusive_link", RangeOperators.EQUAL),
                ],
                condition=models.Q(state__in=LIVE_MEETING),
                violation_error_message=_("このURLは、同じ時間か、すぐ前か後の相談で使います。"),
            ),
        ]
        indexes = [
            models.Index(fields=["meeting_id"], name="meeting_by_number", condition=~models.Q(meeting_id="")),
            models.Index(
                fields=["next_attempt_at"],
                name="meeting_left_behind",
                condition=models.Q(state__in=list(WAITING_FOR_EFFECT)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_software_display()} {self.display_id or self.ref}"

    @property
    def can_be_entered(self) -> bool:
        return self.state in CAN_BE_ENTERED

    def take(self, link: MeetingLink, *, now: datetime) -> None:
        """Lead to a link of the pool; not saved yet."""
        self.link = link
        self.lead_to(link.url, number=link.number, passcode=link.passcode, has_lobby=link.has_lobby, now=now)

    def lead_to(self, url: str, *, number: str, passcode: str, has_lobby: bool, now: datetime) -> None:
        """Open with this address; not saved yet. Only a room with a lobby may serve sessions that touch."""
        self.join_url, self.meeting_id, self.passcode = url, number, passcode
        self.exclusive_link = None if has_lobby else url
        self.state, self.opened_at = MeetingState.OPEN, now

    def lose_link(self) -> None:
        """Nobody has entered a link; not saved yet."""
        self.link = self.exclusive_link = self.opened_at = None
        self.join_url = self.meeting_id = self.passcode = ""
        self.state = MeetingState.MISSING

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
