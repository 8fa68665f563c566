"""What an office may decide, with the national defaults."""

from dataclasses import dataclass
from datetime import time, timedelta

from booking.enums import CancelChannel

LINK_FOLLOWS_AFTER = timedelta(minutes=15)
"""A meeting that is not open by then is late: the seeker is told that the link follows, staff see it. No office decides it."""


@dataclass(frozen=True, kw_only=True)
class BookingPolicy:
    """Rules receive the policy, never the service. Times are Japan time."""

    length: timedelta
    step: timedelta
    opens_months_before: int = 1
    closes_days_before: int = 1
    closes_at: time | None = None
    """Bookable until this time of the closing day; None is its end, 24:00."""
    cancel_channel: CancelChannel = CancelChannel.PORTAL
    cancel_closes_days_before: int = 0
    cancel_closes_at: time | None = None
    """Cancellable in the portal until this time of that day. With 0 days, None is the start of the session."""
    hold_lasts: timedelta = timedelta(minutes=10)
    join_opens_before: timedelta = timedelta(minutes=10)
    no_show_after: timedelta = timedelta(minutes=10)
