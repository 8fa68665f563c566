"""When is a place offered to the first on the waiting list, and for how long is it kept?

At night (`OFFERS_REST`) nobody is offered anything, and the time of an offer stands still: who is offered a place at 20:30
for two hours has half an hour that evening and an hour and a half from 8:00 on. So nobody loses a place asleep, and
everybody in line has the same hours to answer.
"""

from datetime import datetime, timedelta

from booking.clock import at, day_of
from booking.policies import OFFERS_REST, BookingPolicy

REST_BEGINS, REST_ENDS = OFFERS_REST


def may_offer_now(now: datetime) -> bool:
    """From 8:00 until 21:00 in Japan; at 21:00 no more."""
    day = day_of(now)
    return at(day, REST_ENDS) <= now < at(day, REST_BEGINS)


def next_offer_moment(now: datetime) -> datetime:
    """`now`, or the end of the rest that `now` lies in."""
    if may_offer_now(now):
        return now
    day = day_of(now)
    is_evening = now >= at(day, REST_BEGINS)
    return at(day + timedelta(days=is_evening), REST_ENDS)


def offer_deadline(now: datetime, policy: BookingPolicy, *, closes_at: datetime) -> datetime:
    """The first moment at which an offer made `now` is no longer valid: its hours without the rest, or the booking's close.

    `closes_at` is `booking_closes_at` of the session's day. When that is past, so is the deadline: offer nothing.
    """
    start, left = next_offer_moment(now), policy.offer_lasts
    while left > (awake := at(day_of(start), REST_BEGINS) - start):
        left -= awake
        start = next_offer_moment(start + awake)
    return min(start + left, closes_at)
