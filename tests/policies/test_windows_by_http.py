"""The first and the last moment to book a session, from both sides, by request and through the flow."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from booking.errors import BookingError
from booking.flows.hold import hold
from booking.models import Reservation
from tests.factories import change_rules, jst
from tests.seeker.conftest import Way

Freeze = Callable[[datetime], datetime]
SECOND = timedelta(seconds=1)
CLOSES_AT_15 = {"closes_days_before": 2, "closes_in_business_days": True, "closes_at": time(15)}
RELEASE = {"release_day": 20, "release_at": time(9)}

EDGES = [
    pytest.param(
        {},
        jst(6, 16, 10),
        jst(6, 16),
        "booking_closed",
        id="until the end of the day before",
        marks=[pytest.mark.requirement(row) for row in ("K-14", "H-20", "S-21", "S-29")],
    ),
    pytest.param(
        CLOSES_AT_15,
        jst(6, 16, 10),
        jst(6, 12, 15),
        "booking_closed",
        id="two business days before a Tuesday is Friday, 15:00",
        marks=pytest.mark.requirement("K-14"),
    ),
]
OPENINGS = [
    pytest.param({}, jst(7, 31, 10), jst(6, 30), id="31 July from 30 June", marks=pytest.mark.requirement("H-24")),
    pytest.param({}, jst(7, 14, 10), jst(6, 14), id="one month before", marks=pytest.mark.requirement("H-24")),
    pytest.param({"opens_days_before": 14}, jst(6, 30, 10), jst(6, 16), id="14 days before"),
    pytest.param(RELEASE, jst(7, 1, 10), jst(6, 20, 9), id="July opens on 20 June, 9:00"),
    pytest.param(RELEASE, jst(7, 31, 10), jst(6, 20, 9), id="the whole of July at once"),
]


def code_by_flow(way: Way, seeker: Any, starts_at: datetime, *, now: datetime) -> str:
    try:
        hold(service=way.service, starts_at=starts_at, seeker=seeker, now=now)
    except BookingError as refused:
        return refused.code
    return ""


def is_held_by_http(way: Way, seeker: Any, starts_at: datetime, *, now: datetime, freeze: Freeze) -> bool:
    """What the page offers and what a forged request gets are the same."""
    freeze(now)
    way.client.force_login(seeker)
    is_offered = starts_at.isoformat(timespec="minutes") in way.client.get(way.url("times")).content.decode()
    way.choose(starts_at)
    is_held = Reservation.objects.running_holds(now).filter(starts_at=starts_at).exists()
    assert is_held is is_offered
    return is_held


@pytest.mark.parametrize(("rules", "starts_at", "closes", "code"), EDGES)
def test_the_last_second_to_book(way: Way, seeker, freeze: Freeze, rules, starts_at, closes, code: str) -> None:
    change_rules(way.service, **rules)
    assert is_held_by_http(way, seeker, starts_at, now=closes - SECOND, freeze=freeze)
    Reservation.objects.all().update(status="released", hold_expires_at=None)
    assert not is_held_by_http(way, seeker, starts_at, now=closes, freeze=freeze)
    assert code_by_flow(way, seeker, starts_at, now=closes) == code
    assert code_by_flow(way, seeker, starts_at, now=closes - SECOND) == ""


@pytest.mark.parametrize(("rules", "starts_at", "opens"), OPENINGS)
def test_the_first_second_to_book(way: Way, seeker, freeze: Freeze, rules, starts_at, opens) -> None:
    change_rules(way.service, **rules)
    assert not is_held_by_http(way, seeker, starts_at, now=opens - SECOND, freeze=freeze)
    assert code_by_flow(way, seeker, starts_at, now=opens - SECOND) == "not_open_yet"
    assert is_held_by_http(way, seeker, starts_at, now=opens, freeze=freeze)
