"""From when, until when can one book, cancel, enter; from when is one late?

All moments are aware; all intervals half-open: the closing moment itself is too late. The later the day of the session,
the later its booking opens and closes (never earlier): so the bookable days are one unbroken run, and it can be searched.
`business_days_before` is the calendar of the office (`offices.calendar.OfficeCalendar`).
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta

from booking.clock import at, day_of, end_of
from booking.enums import CancelChannel
from booking.errors import Reason
from booking.policies import BookingPolicy, BusinessDaysBefore

LONGEST_MONTH = timedelta(days=31)
ONE_DAY = timedelta(days=1)


def months_before(day: date, months: int) -> date:
    """The same day of the month, `months` earlier; the month's last day where it has none (民法143条; H-24)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return _in_month(year, month + 1, day.day)


def booking_opens_at(day: date, policy: BookingPolicy) -> datetime:
    """The first moment at which a session on `day` may be booked (H-24).

    By release, if the policy has a release day; else so many days before; else so many calendar months before.
    """
    if policy.release_day is not None:
        month = months_before(day.replace(day=1), policy.release_months_ahead)
        return at(_in_month(month.year, month.month, policy.release_day), policy.release_at)
    if policy.opens_days_before is not None:
        return at(day - timedelta(days=policy.opens_days_before), time.min)
    return at(months_before(day, policy.opens_months_before), time.min)


def booking_closes_at(day: date, policy: BookingPolicy, *, business_days_before: BusinessDaysBefore) -> datetime:
    """The first moment at which a session on `day` can no longer be booked (K-14, H-20, S-21, S-29).

    Business days are counted like U-20: `day` itself is not one of them. No days before is `day` itself, open or not.
    """
    last_day = _days_before(
        day, policy.closes_days_before, business_days_before if policy.closes_in_business_days else None
    )
    return _close_of(last_day, policy.closes_at)


def is_ever_bookable(days: Iterable[date], policy: BookingPolicy, *, business_days_before: BusinessDaysBefore) -> bool:
    """Does booking of any of the days open before it closes? Rules under which none does contradict themselves."""
    return any(
        booking_opens_at(day, policy) < booking_closes_at(day, policy, business_days_before=business_days_before)
        for day in days
    )


def first_bookable_day(policy: BookingPolicy, *, now: datetime, business_days_before: BusinessDaysBefore) -> date:
    """The earliest day whose booking has not closed yet (K-14); after `last_bookable_day` when no day is bookable."""

    def is_open_still(day: date) -> bool:
        return booking_closes_at(day, policy, business_days_before=business_days_before) > now

    return _first_day(day_of(now), is_open_still)


def last_bookable_day(policy: BookingPolicy, *, now: datetime) -> date:
    """The latest day whose booking has opened (H-24). It may have closed already, and even be past."""

    def opens_later(day: date) -> bool:
        return booking_opens_at(day, policy) > now

    return _first_day(day_of(now) - LONGEST_MONTH, opens_later) - ONE_DAY


def why_outside_window(
    day: date, policy: BookingPolicy, *, now: datetime, business_days_before: BusinessDaysBefore
) -> Reason | None:
    """None for a bookable day (H-24, K-14, H-20, S-21, S-29). A day that closes before it opens is closed."""
    opens_at = booking_opens_at(day, policy)
    closes_at = booking_closes_at(day, policy, business_days_before=business_days_before)
    if closes_at <= max(now, opens_at):
        return Reason("booking_closed")
    if now < opens_at:
        return Reason("not_open_yet", {"opens": opens_at})
    return None


def cancel_closes_at(
    starts_at: datetime, policy: BookingPolicy, *, business_days_before: BusinessDaysBefore
) -> datetime:
    """The first moment at which the person can no longer cancel in the portal (K-23, S-33); never after the start."""
    counted = business_days_before if policy.cancel_closes_in_business_days else None
    last_day = _days_before(day_of(starts_at), policy.cancel_closes_days_before, counted)
    return min(_close_of(last_day, policy.cancel_closes_at), starts_at)


def why_not_cancel_now(
    starts_at: datetime, policy: BookingPolicy, *, now: datetime, business_days_before: BusinessDaysBefore
) -> Reason | None:
    """None when the person may cancel in the portal at this moment (K-23, H-05, H-26, S-26, S-33, S-34).

    Where mail is a way to cancel, it is one until the end of the day before; on the day itself only the phone is (S-26).
    """
    if policy.cancel_channel == CancelChannel.PHONE:
        return Reason("cancel_by_phone")
    if policy.cancel_channel == CancelChannel.PHONE_OR_MAIL:
        is_before_the_day = day_of(now) < day_of(starts_at)
        return Reason("cancel_by_phone_or_mail" if is_before_the_day else "cancel_by_phone")
    if now >= cancel_closes_at(starts_at, policy, business_days_before=business_days_before):
        is_mail_read = policy.cancel_channel == CancelChannel.PORTAL_OR_MAIL
        return Reason("past_deadline_write" if is_mail_read else "past_cancellation_deadline")
    return None


def join_opens_at(starts_at: datetime, policy: BookingPolicy) -> datetime:
    """From this moment the join button works (S-06)."""
    return starts_at - policy.join_opens_before


def is_no_show_due(starts_at: datetime, policy: BookingPolicy, *, now: datetime) -> bool:
    """Ten full minutes after the start without contact the reservation is deemed cancelled (K-24, H-27, S-27)."""
    return now >= starts_at + policy.no_show_after


def is_in_waiting_time(moment: datetime, starts_at: datetime, policy: BookingPolicy) -> bool:
    """From the opening of the room until the ten minutes are over: the time in which the two sides wait for each other."""
    return join_opens_at(starts_at, policy) <= moment < starts_at + policy.no_show_after


def _in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def _days_before(day: date, count: int, business_days_before: BusinessDaysBefore | None) -> date:
    """Counted in business days when their calendar is given, else in calendar days."""
    if business_days_before is None or count == 0:
        return day - timedelta(days=count)
    return business_days_before(day, count)


def _close_of(day: date, clock: time | None) -> datetime:
    return end_of(day) if clock is None else at(day, clock)


def _first_day(start: date, holds: Callable[[date], bool]) -> date:
    """The first day from `start` on for which `holds`; from there on it holds for good. Logarithmic, since it is dear."""

    def holds_after(days: int) -> bool:
        return holds(start + timedelta(days=days))

    reach = 1
    while not holds_after(reach):
        reach *= 2
    return start + timedelta(days=bisect_left(range(reach), True, key=holds_after))
