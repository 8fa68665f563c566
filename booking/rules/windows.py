"""From when, until when can one book, cancel, enter; from when is one late?

All moments are aware; all intervals half-open: the closing moment itself is too late.
"""

from calendar import monthrange
from datetime import date, datetime, time, timedelta

from booking.clock import at, day_of, end_of
from booking.policies import BookingPolicy


def months_before(day: date, months: int) -> date:
    """The same day of the month, `months` earlier; the month's last day where it has none (民法143条; H-24)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def booking_opens_at(day: date, policy: BookingPolicy) -> datetime:
    """0:00 of the first day on which a session on `day` may be booked (H-24)."""
    return at(months_before(day, policy.opens_months_before), time.min)


def booking_closes_at(day: date, policy: BookingPolicy) -> datetime:
    """The first moment at which a session on `day` can no longer be booked (K-14, H-20, S-21, S-29)."""
    return _close_of(day - timedelta(days=policy.closes_days_before), policy.closes_at)


def is_bookable(day: date, policy: BookingPolicy, *, now: datetime) -> bool:
    return booking_opens_at(day, policy) <= now < booking_closes_at(day, policy)


def last_bookable_day(policy: BookingPolicy, *, now: datetime) -> date:
    """The latest day whose booking has opened."""
    day = day_of(now) + timedelta(days=31 * (policy.opens_months_before + 1))
    while booking_opens_at(day, policy) > now:
        day -= timedelta(days=1)
    return day


def first_bookable_day(policy: BookingPolicy, *, now: datetime) -> date:
    """The earliest day whose booking has not closed yet."""
    day = day_of(now)
    while booking_closes_at(day, policy) <= now:
        day += timedelta(days=1)
    return day


def cancel_closes_at(starts_at: datetime, policy: BookingPolicy) -> datetime:
    """The first moment at which the seeker can no longer cancel in the portal (K-23, S-33); never after the start."""
    if policy.cancel_closes_days_before == 0 and policy.cancel_closes_at is None:
        return starts_at
    day = day_of(starts_at) - timedelta(days=policy.cancel_closes_days_before)
    return min(_close_of(day, policy.cancel_closes_at), starts_at)


def join_opens_at(starts_at: datetime, policy: BookingPolicy) -> datetime:
    """From this moment the join button works (S-06)."""
    return starts_at - policy.join_opens_before


def is_no_show_due(starts_at: datetime, policy: BookingPolicy, *, now: datetime) -> bool:
    """Ten full minutes after the start without contact the reservation is deemed cancelled (K-24, H-27, S-27)."""
    return now >= starts_at + policy.no_show_after


def _close_of(day: date, clock: time | None) -> datetime:
    return end_of(day) if clock is None else at(day, clock)
