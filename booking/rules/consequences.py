"""What an office does about sessions that nobody came to (K-25, H-28, S-28): it counts, it proposes; a person decides."""

from datetime import date, timedelta

from booking.enums import Consequence
from booking.rules.windows import months_before


def first_day_counted(day: date, *, within_months: int) -> date:
    """The period of so many calendar months that ends with `day`: 2 June and 6 months is from 3 December on."""
    return months_before(day, within_months) + timedelta(days=1)


def proposal(count: int, *, warns_from: int | None, restricts_from: int | None) -> Consequence:
    """The severest consequence that the count has reached; None is never."""
    if restricts_from is not None and count >= restricts_from:
        return Consequence.RESTRICT
    if warns_from is not None and count >= warns_from:
        return Consequence.WARN
    return Consequence.NOTE


def restricted_until(today: date, *, months: int) -> date:
    """The last day of a restriction that begins today: the same day, so many months later; the month's last at most."""
    return months_before(today, -months)
