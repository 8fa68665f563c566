import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from booking.enums import MeetingState
from booking.meetings.zoom.notices import signature
from booking.models import OnlineMeeting, Reservation, WebhookDelivery
from booking.periodic import take_notice
from tests.factories import NOW, jst
from tests.staff.conftest import World, client_of, now, world
from tests.zoom.conftest import zoom_stand_in

__all__ = ["client_of", "now", "world", "zoom_stand_in"]

SECRET = "zoom-test-secret"
ADDRESS = "/webhooks/zoom/"
MEETING_ID = "92674392836"
INSTANCE = "aDYlohsHRtCd4ii1uC2+hA=="
HOST_ID = "x1yCzABCDEfg23HiJKl4mN"
TEN = jst(6, 2, 10)


@pytest.fixture
def webhooks_on(settings) -> str:
    settings.ZOOM_WEBHOOK_SECRETS = [SECRET]
    return SECRET


@pytest.fixture
def meeting(world: World) -> OnlineMeeting:
    """The open Zoom meeting of world.reservation, Tuesday 10:00 to 10:30."""
    return open_meeting_of(world.reservation)


def open_meeting_of(reservation: Reservation, **fields: Any) -> OnlineMeeting:
    defaults = {
        "reservation": reservation,
        "software": "zoom",
        "state": MeetingState.OPEN,
        "host": reservation.meeting_host_id or "",
        "starts_at": reservation.starts_at,
        "ends_at": reservation.ends_at,
        "meeting_id": MEETING_ID,
        "join_url": f"https://zoom.us/j/{MEETING_ID}?pwd=abc",
        "passcode": "135790",
        "requested_at": NOW,
        "next_attempt_at": NOW,
        "opened_at": NOW,
    }
    return OnlineMeeting.objects.create(**{**defaults, **fields})


def event(name: str, at: datetime, *, participant: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A webhook as Zoom sends it, with what must not be kept."""
    meeting = {
        "id": MEETING_ID,
        "uuid": INSTANCE,
        "host_id": HOST_ID,
        "topic": "ハローワーク オンライン職業相談",
        "type": 2,
        "start_time": "2026-06-02T01:00:00Z",
        "duration": 30,
        "timezone": "Asia/Tokyo",
        **changes,
    }
    if participant is not None:
        meeting["participant"] = participant
    stamp = int(at.timestamp() * 1000)
    return {"event": name, "event_ts": stamp, "payload": {"account_id": "AAAAAABBBB", "object": meeting}}


def guest(at: datetime, *, time_name: str = "join_time", **changes: Any) -> dict[str, Any]:
    return {
        "user_id": "16778240",
        "user_name": "髙橋 一郎",
        "id": "",
        "participant_uuid": "55555AAAiAAAAAiAiAiiAii",
        "participant_user_id": "",
        "email": "ichiro@mail.example",
        "phone_number": "819012345678",
        "public_ip": "203.0.113.7",
        "private_ip": "10.0.0.7",
        time_name: at.isoformat(),
        **changes,
    }


def host(at: datetime, **changes: Any) -> dict[str, Any]:
    ids = {"user_id": "16778000", "id": HOST_ID, "participant_user_id": HOST_ID, "user_name": "相談 花子"}
    return guest(at, **{**ids, **changes})


def signed(body: bytes, *, secret: str = SECRET, timestamp: str | None = None) -> dict[str, str]:
    stamp = timestamp or str(int(time.time()))
    return {"x-zm-request-timestamp": stamp, "x-zm-signature": signature(body, timestamp=stamp, secret=secret)}


def body_of(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


def post(told: Any, *, headers: dict[str, str] | None = None, secret: str = SECRET) -> Any:
    """Send as Zoom would: the bytes, signed now; or with the headers given."""
    body = told if isinstance(told, bytes) else body_of(told)
    return Client().post(
        ADDRESS,
        body,
        content_type="application/json",
        headers=signed(body, secret=secret) if headers is None else headers,
    )


@pytest.fixture
def zoom_tells(webhooks_on, freeze) -> Callable[..., None]:
    """`zoom_tells(told, …)` sends each and lets the worker's task take it."""

    def tell(*events: dict[str, Any]) -> None:
        for told in events:
            assert post(told).status_code == 200
        for pk in WebhookDelivery.objects.unprocessed().order_by("pk").values_list("pk", flat=True):
            take_notice(pk)

    return tell
