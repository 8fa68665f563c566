"""Who was there? The answer out of what people pressed and what the meeting software saw. Nothing is written here.

The office was there when it said so, opened the host's link, or was in the meeting, in the waiting time (K-24). The person
gave a sign by the join button, by calling, or by being in the meeting or its waiting room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.deadlines import join_opens_at
from booking.enums import SeenBy
from booking.meetings import can
from booking.meetings.protocol import Capability
from booking.models import Attendance, Reservation
from booking.rules.windows import is_in_waiting_time
from booking.taking_part import taking_part_in

STAY_WITHOUT_END = timedelta(hours=1)
"""A stay of which nobody told the end is taken to have lasted so long: a room tried the day before is no evidence."""


@dataclass(frozen=True)
class Evidence:
    """All questions are about the present time of the reservation; one that was moved begins anew."""

    reservation: Reservation
    stays: Sequence[Attendance]

    @property
    def was_office_there(self) -> bool:
        """Did the office wait for the person: before the ten minutes were over, not the day before (K-24)?"""
        seen_at = self.reservation.counselor_present_at
        if seen_at is not None and is_in_waiting_time(seen_at, self.reservation.starts_at, self.reservation.policy):
            return True
        return any(stay.is_host and self._touches_waiting_time(stay) for stay in self.stays)

    @property
    def was_office_ever_there(self) -> bool:
        """Did the office come at all, late or not?"""
        seen_at = self.reservation.counselor_present_at
        has_said_so = seen_at is not None and seen_at >= self._opens_at
        return has_said_so or any(stay.is_host and self._touches_session(stay) for stay in self.stays)

    @property
    def person_seen_at(self) -> datetime | None:
        """The first moment at which somebody besides the host was in the meeting or its waiting room."""
        moments = [began_at(stay) for stay in self.stays if not stay.is_host and self._touches_session(stay)]
        return min(moments, default=None)

    @property
    def has_sign_of_person(self) -> bool:
        reservation = self.reservation
        has_come = reservation.checked_in_at is not None and reservation.checked_in_at >= self._opens_at
        return has_come or reservation.contacted_at is not None or self.person_seen_at is not None

    @property
    def nobody_knows_who_is_in(self) -> bool:
        """The meeting ran, but no notice told who came and nobody could be asked yet (webhooks are off).

        Whoever was let in by the meeting's number and passcode, without our button, would be called absent.
        """
        ran = [stay for stay in self.stays if self._touches_session(stay)]
        return bool(ran) and all(stay.seen_by == SeenBy.POLL and stay.participant == "" for stay in ran)

    @property
    def _opens_at(self) -> datetime:
        return join_opens_at(self.reservation)

    def _touches_waiting_time(self, stay: Attendance) -> bool:
        until = self.reservation.starts_at + self.reservation.policy.no_show_after
        return stay.joined_at is not None and stay.joined_at < until and ended_at(stay) >= self._opens_at

    def _touches_session(self, stay: Attendance) -> bool:
        return began_at(stay) < self.reservation.ends_at and ended_at(stay) >= self._opens_at


def evidence_of(reservation: Reservation) -> Evidence:
    """One query. Lock the reservation first when something is decided by it: whoever writes a stay holds that lock."""
    stays = Attendance.objects.filter(meeting__reservation=reservation).order_by("waited_at", "joined_at", "pk")
    return Evidence(reservation=reservation, stays=sorted(stays, key=began_at))


def tells_who_is_there(reservation: Reservation) -> bool:
    """Of a telephone call, or of a room that the portal cannot ask, staff alone know who came (ADR 14)."""
    return can(taking_part_in(reservation).software, Capability.ATTENDANCE)


def began_at(stay: Attendance) -> datetime:
    """The first moment that is known of it."""
    return min(filter(None, (stay.waited_at, stay.joined_at, stay.left_at)))


def ended_at(stay: Attendance) -> datetime:
    """The last moment: what was told, or what is taken for it."""
    if stay.left_at is not None:
        return max(filter(None, (stay.waited_at, stay.joined_at, stay.left_at)))
    return max(filter(None, (stay.waited_at, stay.joined_at))) + STAY_WITHOUT_END
