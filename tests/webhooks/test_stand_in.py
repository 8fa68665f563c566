"""The stand-in's webhooks: in Zoom's form, and through the portal's real door; the enemy's ways change nothing."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone
from jsonschema import Draft202012Validator
from pytest_django.live_server_helper import LiveServer

from booking.effects.ask_attendance import ask_attendance, ask_status
from booking.enums import MeetingState, SeenBy
from booking.meetings import provider
from booking.meetings.protocol import MeetingRequest
from booking.models import Attendance, OnlineMeeting, WebhookDelivery
from booking.periodic import take_notice
from demo.zoom_stand_in.app import ZoomStandIn
from demo.zoom_stand_in.meetings import utc_text
from tests.factories import ReservationFactory
from tests.webhooks.conftest import SECRET, open_meeting_of
from tests.zoom.document import FOLDER
from tests.zoom.stand_in import RunningStandIn, point_zoom_at, serving

pytestmark = pytest.mark.django_db(transaction=True)
WEBHOOKS = FOLDER / "zoom-webhooks-slice.json"


@pytest.fixture(autouse=True)
def now() -> datetime:
    """The real clock: worker and stand-in are other threads and processes."""
    return timezone.now()


@pytest.fixture
def told(settings, live_server: LiveServer) -> Iterator[RunningStandIn]:
    """A stand-in that sends its webhooks to the portal of this test."""
    settings.ZOOM_WEBHOOK_SECRETS = [SECRET]
    app = ZoomStandIn(webhook_address=f"{live_server.url}/webhooks/zoom/", webhook_secret=SECRET)
    with serving(app) as url:
        point_zoom_at(url, settings=settings, app=app)
        settings.ZOOM_TIMEOUT = timedelta(seconds=2)
        yield RunningStandIn(app=app, url=url)


@pytest.fixture
def room(told) -> OnlineMeeting:
    """Open at the stand-in, for a session that begins in a quarter of an hour."""
    starts_at = timezone.now().replace(microsecond=0) + timedelta(minutes=15)
    reservation = ReservationFactory.create(starts_at=starts_at)
    wanted = MeetingRequest(
        host=reservation.meeting_host_id, starts_at=starts_at, minutes=30, topic="x", ref="7f3c9a52e1d84b60"
    )
    created = provider("zoom").create(wanted, now=timezone.now())
    return open_meeting_of(reservation, meeting_id=created.meeting_id, join_url=created.join_url)


def session_in(room: OnlineMeeting, told: RunningStandIn) -> None:
    """The person waits, the host comes and lets them in, the host ends the meeting."""
    requests.get(room.join_url, timeout=5).raise_for_status()
    requests.get(provider("zoom").host_url(room.meeting_id), timeout=5).raise_for_status()
    requests.post(f"{told.url}/_end/{room.meeting_id}", timeout=5).raise_for_status()
    told.app.postman.wait()


def take_all() -> None:
    for pk in WebhookDelivery.objects.unprocessed().order_by("pk").values_list("pk", flat=True):
        take_notice(pk)


def sides() -> list[tuple[bool, bool, bool]]:
    rows = Attendance.objects.order_by("is_host", "participant")
    return [(row.is_host, row.joined_at is not None, row.left_at is not None) for row in rows]


WAITED_ONLY, GUEST, HOST, WHOLE = (False, False, False), (False, True, True), (True, True, True), (True, True, True)


def test_a_session_at_the_stand_in_becomes_stays(room, told) -> None:
    session_in(room, told)
    assert set(told.app.postman.answers) == {200}
    take_all()
    assert sorted(sides()) == sorted([WAITED_ONLY, GUEST, HOST, WHOLE])
    kept = json.dumps(list(WebhookDelivery.objects.values("body")), ensure_ascii=False)
    assert "見本" not in kept


@pytest.mark.parametrize("switch", ["webhooks_twice", "webhooks_replayed", "webhooks_reversed"])
def test_twice_again_or_in_the_wrong_order_the_stays_are_the_same(room, told, switch) -> None:
    told.app.switch_board.set(switch)
    session_in(room, told)
    take_all()
    assert set(told.app.postman.answers) == {200}
    assert sorted(sides()) == sorted([WAITED_ONLY, GUEST, HOST, WHOLE])
    assert WebhookDelivery.objects.count() == len(told.app.postman.events)


@pytest.mark.parametrize("switch", ["webhooks_unsigned", "webhooks_stale"])
def test_unsigned_and_stale_ones_are_refused(room, told, switch) -> None:
    told.app.switch_board.set(switch)
    session_in(room, told)
    assert set(told.app.postman.answers) == {401}
    assert not WebhookDelivery.objects.exists()


def test_late_ones_arrive(room, told) -> None:
    told.app.switch_board.set("webhooks_late", amount=0.1)
    session_in(room, told)
    take_all()
    assert sorted(sides()) == sorted([WAITED_ONLY, GUEST, HOST, WHOLE])


# --- The same without webhooks ----------------------------------------------------------------------------------------


def test_when_every_webhook_is_lost_asking_tells_the_same(room, told) -> None:
    told.app.switch_board.set("webhooks_lost")
    requests.get(room.join_url, timeout=5)
    ask_status(room.pk, now=timezone.now())
    assert not Attendance.objects.exists()
    requests.get(provider("zoom").host_url(room.meeting_id), timeout=5)
    ask_status(room.pk, now=timezone.now())
    assert sides() == [(True, True, False)]
    requests.post(f"{told.url}/_end/{room.meeting_id}", timeout=5)
    ask_attendance(room.pk, now=timezone.now())
    assert sorted(sides()) == sorted([GUEST, HOST, (True, True, False)])
    assert set(Attendance.objects.values_list("seen_by", flat=True)) == {SeenBy.POLL}


@pytest.mark.parametrize("switch", ["small_pages", "slashed_uuids", None])
def test_asking_for_what_the_webhooks_told_changes_nothing(room, told, switch) -> None:
    if switch:
        told.app.switch_board.set(switch)
        OnlineMeeting.objects.all().delete()
        room = open_again(room)
    session_in(room, told)
    take_all()
    before = sides()
    ask_attendance(room.pk, now=timezone.now())
    assert sides() == before


def open_again(room: OnlineMeeting) -> OnlineMeeting:
    wanted = MeetingRequest(host=room.host, starts_at=room.starts_at, minutes=30, topic="x", ref="1111111111111111")
    created = provider("zoom").create(wanted, now=timezone.now())
    return open_meeting_of(room.reservation, meeting_id=created.meeting_id, join_url=created.join_url)


def test_an_account_without_the_licence_is_left_in_peace(room, told) -> None:
    told.app.switch_board.set("webhooks_lost")
    told.app.switch_board.set("basic_hosts")
    session_in(room, told)
    ask_attendance(room.pk, now=timezone.now())
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("ask", [ask_status, ask_attendance])
@pytest.mark.parametrize("fault", ["server_error", "per_second", "meeting_gone", "bad_gateway"])
def test_no_trouble_of_zooms_becomes_one_of_the_portal(room, told, ask, fault) -> None:
    told.goes_wrong(fault, on="/v2/(meetings|past_meetings)", times=5)
    ask(room.pk, now=timezone.now())
    assert not Attendance.objects.exists()


# --- The portal's own changes come back as notices --------------------------------------------------------------------


def test_a_meeting_that_was_changed_in_zoom_is_changed_back_once(room, told, celery_worker_process, settings) -> None:
    """Answering `meeting.updated` by a change would bring the next one: the portal asks, and changes what is wrong."""
    celery_worker_process(ZOOM_WEBHOOK_SECRET=SECRET, PORTAL_DEMO="1")
    wrong = room.starts_at + timedelta(hours=1)
    told.app.book.change(room.meeting_id, {"start_time": utc_text(wrong)}, now=timezone.now())
    told.app.door.tells_of_change("meeting.updated", told.app.book.get(room.meeting_id))
    wait_until(lambda: told.app.book.get(room.meeting_id)["start_time"] == utc_text(room.starts_at))
    wait_until(lambda: not WebhookDelivery.objects.unprocessed().exists() and len(told.app.postman.events) == 2)
    wait_until(lambda: OnlineMeeting.objects.get(pk=room.pk).state == MeetingState.OPEN)
    assert told.calls("PATCH") == 1


def wait_until(holds: Any) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


# --- In Zoom's form ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not WEBHOOKS.is_file(), reason="Zoom's contract files are absent (ZOOM_CONTRACT_DIR)")
def test_every_webhook_has_the_form_of_zooms(room, told) -> None:
    document = json.loads(WEBHOOKS.read_text(encoding="utf-8"))
    document["paths"] = document["webhooks"]  # what its own references call them
    session_in(room, told)
    meeting = told.app.book.get(room.meeting_id)
    requests.get(provider("zoom").host_url(room.meeting_id), timeout=5)
    requests.get(room.join_url, timeout=5)
    told.app.door.tells_of_change("meeting.updated", meeting)
    told.app.door.tells_of_change("meeting.deleted", meeting)
    told.app.postman.wait()
    names = {event["event"] for event in told.app.postman.events}
    assert len(names) >= 10
    for event in told.app.postman.events:
        form = f"#/webhooks/{event['event']}/post/requestBody/content/application~1json/schema"
        schema = {"$ref": form, "paths": document["paths"], "webhooks": document["webhooks"]}
        assert [problem.message for problem in Draft202012Validator(schema).iter_errors(event)] == []
