"""Signed, and still wrong: nothing that a webhook says may break the portal, now or when it is read again."""

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from booking.evidence import evidence_of
from booking.flows.attend import take_notice
from booking.models import Attendance, OnlineMeeting, WebhookDelivery
from tests.webhooks.conftest import TEN, body_of, event, guest, meeting, post, signed, webhooks_on

__all__ = ["meeting", "webhooks_on"]

pytestmark = pytest.mark.django_db(transaction=True)
WRONG = [
    *[None, 1, 1.5, True, [], {}, -1, 10**300, 1e400, "x" * 5_000, "\x00", "\ud800", "١٢٣٤٥٦٧٨٩٠"],
    *["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-06-02T01:00:00", "2026-W23-2T10:00:00+23:59"],
]
READ = frozenset(
    [
        "event",
        "event_ts",
        "payload",
        "object",
        "id",
        "uuid",
        "host_id",
        "end_time",
        "participant",
        "user_id",
        "participant_user_id",
        "join_time",
        "leave_time",
    ]
)


def each_field(told: Any, *path: str) -> Iterator[tuple[str, ...]]:
    for name, value in told.items():
        if name in READ:
            yield (*path, name)
        if isinstance(value, dict):
            yield from each_field(value, *path, name)


def with_field(told: dict[str, Any], path: tuple[str, ...], value: object) -> bytes:
    changed = copy.deepcopy(told)
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(changed).encode()


@pytest.mark.parametrize("name", ["meeting.participant_left", "meeting.ended"])
def test_no_value_in_any_field_breaks_the_portal(webhooks_on, meeting: OnlineMeeting, freeze, name: str) -> None:
    time_name = "leave_time" if name.endswith("left") else "join_time"
    told = event(name, TEN, participant=guest(TEN, time_name=time_name), end_time="2026-06-02T01:30:00Z")
    for path in each_field(told):
        for value in WRONG:
            assert post(with_field(told, path, value)).status_code == 200, (path, value)
    for delivery in WebhookDelivery.objects.unprocessed():
        assert take_notice(delivery.pk, now=TEN)
    assert all(abs(stay.joined_at - TEN).days <= 1 for stay in evidence_of(meeting.reservation).stays if stay.joined_at)


@pytest.mark.parametrize("body", [b'{"a":' * 12_000, b"[" * 60_000, b"NaN", b"\xff\xfe{", b"9" * 60_000, b""])
def test_what_is_no_json_is_answered_and_forgotten(webhooks_on, db: None, body: bytes) -> None:
    assert post(body).status_code == 200
    assert not WebhookDelivery.objects.exists()


def test_sixty_at_the_same_moment_are_one(webhooks_on, meeting: OnlineMeeting) -> None:
    body = body_of(event("meeting.participant_joined", TEN, participant=guest(TEN)))
    headers = signed(body)

    def send(_number: int) -> int:
        try:
            return int(post(body, headers=headers).status_code)
        finally:
            connection.close()

    def take(delivery: int) -> bool:
        try:
            return take_notice(delivery, now=TEN)
        finally:
            connection.close()

    with ThreadPoolExecutor(15) as threads:
        assert set(threads.map(send, range(60))) == {200}
        assert sorted(threads.map(take, [WebhookDelivery.objects.get().pk] * 15)) == [False] * 14 + [True]
    assert Attendance.objects.count() == 1
