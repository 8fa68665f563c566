"""Which Zoom user opens the meeting of a session (ADR 12).

A counselor whose own host is in use has that one and never another: those bookings wait for nobody. Everybody else takes a
free one of the pool, the office's before its bureau's. The constraint `meeting_host_not_double_booked` has the last word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q

from booking.db import TsTzRange
from booking.models import Counselor, MeetingHost, Service
from booking.models.host import CALLS_FOR_NEW_MEETINGS, MeetingHostQuerySet, day_of_zoom
from booking.models.reservation import ReservationQuerySet
from booking.rules.slots import Interval, fitting, subtract
from offices.enums import MeetingSoftware
from offices.models import OfficeQuerySet

LONGEST_BUFFER = timedelta(hours=2)


@dataclass(frozen=True)
class HostTimes:
    """A host, and when nobody uses it in the period asked about."""

    host: Any
    """A MeetingHost with `calls_today`."""
    free: list[Interval]

    def starts(self, starts: Iterable[datetime], *, length: timedelta) -> list[datetime]:
        """Those of the sorted starts at which the host is free, until its buffer after the session is over."""
        return fitting(starts, self.free, length=length + self.host.buffer)


def lock_hosts(counselor: Counselor, *, software: str) -> list[MeetingHost]:
    """The hosts that may open a meeting of this counselor, the pool locked; none where the software needs none.

    Lock order: after the counselor, by address (ADR 2). Without the queue the constraint alone would deadlock. Who takes
    an own host queues on its counselor's row already: load the counselor with it (`with_own_host`).
    """
    if software != MeetingSoftware.ZOOM:
        return []
    own = counselor.meeting_host
    if own is not None and own.is_active:
        return [own]
    return list(MeetingHost.objects.active().pool_of(counselor.office).order_by("address").lock())


def lock_all_hosts(counselor: Counselor) -> list[MeetingHost]:
    """Also the pool, beside a counselor's own host: where that one is refused, another may do. In the same lock order."""
    own = Q(pk=counselor.meeting_host_id)
    pool = MeetingHost.objects.pool_of(counselor.office).values("pk")
    return list(MeetingHost.objects.active().filter(own | Q(pk__in=pool)).order_by("address").lock())


def choose_host(
    hosts: Sequence[MeetingHost],
    *,
    starts_at: datetime,
    ends_at: datetime,
    taken: ReservationQuerySet,
    now: datetime,
    preferred: str | None = None,
) -> Any:
    """The best one that is free then: `preferred` if it is, else the one that comes first; None when all are used.

    A MeetingHost with `calls_today`. `taken` are the reservations that occupy hosts. First come hosts with calls left today, then the office's before the
    bureau's, then the one with the fewest calls today, then by address. Call it under the locks of lock_hosts().
    """
    wanted = MeetingHost.objects.filter(pk__in=[host.pk for host in hosts])
    times = host_times(wanted, taken=taken, period=(starts_at, ends_at), now=now)
    free = [one.host for one in times if one.starts([starts_at], length=ends_at - starts_at)]
    return min(free, key=lambda host: (host.pk != preferred, *_rank(host)), default=None)


def host_columns(host: MeetingHost | None, *, ends_at: datetime) -> dict[str, Any]:
    """The columns of a reservation that keep the host free for it."""
    return {"meeting_host": host, "host_until": ends_at + host.buffer if host else None}


def host_times(
    hosts: MeetingHostQuerySet, *, taken: ReservationQuerySet, period: Interval, now: datetime
) -> list[HostTimes]:
    """When each host is free for sessions in the period. One query, on the index of the exclusion constraint."""
    start, end = period[0], period[1] + LONGEST_BUFFER
    in_use = taken.filter(meeting_host=OuterRef("pk")).annotate(use=TsTzRange("starts_at", "host_until"))
    uses = in_use.filter(use__overlap=(start, end)).order_by().values("use")
    rows = hosts.with_calls(day_of_zoom(now)).annotate(uses=ArraySubquery(uses))
    return [HostTimes(row, subtract([(start, end)], [(use.lower, use.upper) for use in row.uses])) for row in rows]


def starts_with_host(starts: Sequence[datetime], hosts: Iterable[HostTimes], *, length: timedelta) -> list[datetime]:
    """Those of the sorted starts at which some host is free."""
    found = set().union(*(one.starts(starts, length=length) for one in hosts))
    return [start for start in starts if start in found]


def services_without_host(offices: OfficeQuerySet) -> list[Service]:
    """Services by Zoom with a counselor whom nobody can book: no host of their own, and the pool is empty."""
    by_zoom = Q(meeting_software=MeetingSoftware.ZOOM) | Q(
        meeting_software="", office__meeting_software=MeetingSoftware.ZOOM
    )
    counselors = Counselor.objects.filter(services=OuterRef("pk"), is_active=True)
    pool = MeetingHost.objects.active().filter(
        Q(office=OuterRef("office")) | Q(bureau=OuterRef("office__bureau")), counselor__isnull=True
    )
    services = Service.objects.filter(by_zoom, office__in=offices, is_active=True).select_related("office")
    without = Exists(counselors.exclude(meeting_host__is_active=True))
    return list(services.filter(without, ~Exists(pool)).order_by("office", "name"))


def _rank(host: Any) -> tuple[object, ...]:
    return host.calls_today >= CALLS_FOR_NEW_MEETINGS, host.office_id is None, host.calls_today, host.pk
