"""The moments of rules/windows.py for a service or a reservation, with the version that judges and the office's calendar."""

from datetime import date, datetime

from booking.clock import day_of
from booking.errors import Reason
from booking.models import Reservation, Service
from booking.policies import BookingPolicy
from booking.rules import windows
from offices.calendar import business_days_before_at


def booking_policy(service: Service, *, now: datetime) -> BookingPolicy:
    """What a booking made now is judged by: the version of today."""
    return service.policy_on(day_of(now))


def bookable_days(service: Service, *, now: datetime) -> tuple[date, date]:
    """The first and the last day that may be booked now (both included); empty when the last is before the first."""
    policy, calendar = booking_policy(service, now=now), business_days_before_at(service.office)
    first = windows.first_bookable_day(policy, now=now, business_days_before=calendar)
    last = windows.last_bookable_day(policy, now=now)
    return first, last if service.is_in_force(on=day_of(now)) else date.min


def why_outside_window(service: Service, starts_at: datetime, *, now: datetime) -> Reason | None:
    policy, calendar = booking_policy(service, now=now), business_days_before_at(service.office)
    return windows.why_outside_window(day_of(starts_at), policy, now=now, business_days_before=calendar)


def booking_closes_at(service: Service, starts_at: datetime, *, now: datetime) -> datetime:
    """When booking of that session's day closes, judged by the rules of today."""
    policy, calendar = booking_policy(service, now=now), business_days_before_at(service.office)
    return windows.booking_closes_at(day_of(starts_at), policy, business_days_before=calendar)


def cancel_closes_at(reservation: Reservation) -> datetime:
    """The first moment at which the person can no longer cancel or move it in the portal."""
    calendar = business_days_before_at(reservation.office)
    return windows.cancel_closes_at(reservation.starts_at, reservation.policy, business_days_before=calendar)


def why_not_cancel_now(reservation: Reservation, *, now: datetime) -> Reason | None:
    calendar = business_days_before_at(reservation.office)
    return windows.why_not_cancel_now(reservation.starts_at, reservation.policy, now=now, business_days_before=calendar)


def join_opens_at(reservation: Reservation) -> datetime:
    return windows.join_opens_at(reservation.starts_at, reservation.policy)


def is_no_show_due(reservation: Reservation, *, now: datetime) -> bool:
    return windows.is_no_show_due(reservation.starts_at, reservation.policy, now=now)
