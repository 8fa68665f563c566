"""How often may one person come, and how many sessions may one counselor have? (S-12)

The caller chooses the sessions that count: those that take up time, of one person, in the limit's scope.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from booking.errors import Reason
from booking.policies import BookingPolicy


def counts_from(day: date, policy: BookingPolicy, *, today: date) -> date:
    """The first day whose sessions can speak against one more on `day`; from there on, without end, all are needed."""
    apart = timedelta(days=policy.days_between or 0)
    return min(today, _monday(day), day.replace(day=1), day - apart)


def why_over_limit(day: date, others: Iterable[date], policy: BookingPolicy, *, today: date) -> Reason | None:
    """None when the person may have one more session on `day` (S-12).

    `others` are the days of the person's other sessions, past ones since `counts_from` included; a session that is being
    moved is not among them. Coming are those of today and later. A week is Monday to Sunday.
    """
    days = sorted(others)
    most = policy.most_coming
    if most is not None and sum(other >= today for other in days) >= most:
        return Reason("too_many_coming", {"most": most})
    most = policy.most_per_week
    if most is not None and sum(_monday(other) == _monday(day) for other in days) >= most:
        return Reason("too_many_in_week", {"most": most})
    most = policy.most_per_month
    if most is not None and sum(other.replace(day=1) == day.replace(day=1) for other in days) >= most:
        return Reason("too_many_in_month", {"most": most})
    return _why_too_close(day, days, policy)


def is_counselor_full(count: int, policy: BookingPolicy) -> bool:
    """With `count` sessions on a day the counselor takes no other one (S-12)."""
    return policy.most_sessions_a_day is not None and count >= policy.most_sessions_a_day


def _why_too_close(day: date, days: list[date], policy: BookingPolicy) -> Reason | None:
    """Before and after alike; the nearest one is named."""
    if policy.days_between is None or not days:
        return None
    nearest = min(days, key=lambda other: abs(other - day))
    if abs(nearest - day) >= timedelta(days=policy.days_between):
        return None
    if policy.days_between == 1:
        return Reason("twice_a_day", {"other": nearest})
    return Reason("too_close", {"days": policy.days_between, "other": nearest})


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
