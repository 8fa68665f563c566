"""What an office may decide, with the national defaults."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

from booking.enums import BookingWay, CancelChannel, LimitScope, Requirement, Standing

LINK_FOLLOWS_AFTER = timedelta(minutes=15)
"""A meeting that is not open by then is late: the seeker is told that the link follows, staff see it. No office decides it."""
LINK_LASTS = timedelta(hours=1)
"""The link of a reservation by mail is valid for 60:00 minutes (S-31)."""
LINK_KEEPS = LINK_LASTS + timedelta(seconds=1)
"""How long its place is kept. Ends are the first moment that is too late: with this one, 60:00 is in time and 60:01 is not."""
MOST_WISHES = 3
"""So many wished times a request to be arranged by the office may name (H-25)."""
SELF_SERVICE = frozenset({BookingWay.AT_ONCE, BookingWay.MAIL_LINK})
"""Ways in which people choose a free time themselves: so they may move it, and wait in line for one."""
OFFERS_REST = (time(21, 0), time(8, 0))
"""From the first to the second, over midnight, nobody on a waiting list is offered a place."""

BusinessDaysBefore = Callable[[date, int], date]
"""The business day so many business days before a day (offices.calendar.OfficeCalendar.business_days_before)."""


@dataclass(frozen=True, kw_only=True)
class BookingPolicy:
    """One version of a service's rules. Rules receive the policy, never the service. Times are Japan time."""

    # What a session is, and how a reservation comes to be.
    length: timedelta
    step: timedelta
    way: BookingWay = BookingWay.AT_ONCE
    seeker_number: Requirement = Requirement.OPTIONAL
    topic: Requirement = Requirement.OPTIONAL

    # Who may book (J-04 to J-07, S-16). No standing at all: everybody.
    standings: frozenset[Standing] = frozenset()
    asks_device: bool = True
    needs_named_counselor: bool = False
    tells_conversion: bool = False

    # From when, until when.
    opens_months_before: int = 1
    opens_days_before: int | None = None
    """Instead of months: so many calendar days before."""
    release_day: int | None = None
    """Instead of both: on this day of the month, at `release_at`, the whole month `release_months_ahead` later opens."""
    release_at: time = time(0, 0)
    release_months_ahead: int = 1
    closes_days_before: int = 1
    closes_in_business_days: bool = False
    closes_at: time | None = None
    """Bookable until this time of the closing day; None is its end, 24:00."""

    # How often. None is without limit.
    limit_scope: LimitScope = LimitScope.SERVICE
    most_coming: int | None = None
    most_per_week: int | None = None
    most_per_month: int | None = None
    days_between: int | None = None
    """At least so many days from one session of a person to the next: 1 is not twice on one day, 7 is once in seven days."""
    gap: timedelta = timedelta(0)
    """Free time of the counselor between two sessions."""
    most_sessions_a_day: int | None = None
    """Of one counselor."""

    # Cancelling and moving.
    cancel_channel: CancelChannel = CancelChannel.PORTAL
    cancel_closes_days_before: int = 0
    cancel_closes_in_business_days: bool = False
    cancel_closes_at: time | None = None
    """In the portal until this time of that day. With 0 days, None is the start of the session."""

    # Deadlines of what waits for somebody.
    hold_lasts: timedelta = timedelta(minutes=10)
    reply_due: timedelta = timedelta(days=3)
    proposal_lasts: timedelta = timedelta(days=3)
    has_waiting_list: bool = False
    offer_lasts: timedelta = timedelta(hours=2)

    # The day of the session.
    join_opens_before: timedelta = timedelta(minutes=10)
    no_show_after: timedelta = timedelta(minutes=10)

    @property
    def has_line(self) -> bool:
        """People wait in line where they could book the place themselves, once it is free."""
        return self.has_waiting_list and self.way in SELF_SERVICE

    @property
    def is_for_employers(self) -> bool:
        return self.standings == frozenset({Standing.EMPLOYER})
