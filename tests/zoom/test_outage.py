"""Bookings go on while Zoom is down; afterwards there is exactly one meeting, and its link is told."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from werkzeug.serving import BaseWSGIServer

from booking import tasks
from booking.enums import MailKind, MeetingState, ReservationStatus
from booking.models import OnlineMeeting, Reservation
from booking.periodic import wake_up_meetings
from demo.zoom_stand_in.app import ZoomStandIn
from demo.zoom_stand_in.server import listen
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from tests.factories import jst
from tests.seeker.conftest import portal_terms, seeker, service, signed_in, way
from tests.zoom.conftest import requested_meeting
from tests.zoom.stand_in import point_zoom_at

__all__ = ["portal_terms", "seeker", "service", "signed_in", "way"]

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _worker(monkeypatch) -> None:
    """What the sweeper queues runs at once in this process: the real tasks, the clock of the test."""
    for task in (tasks.open_meeting, tasks.change_meeting, tasks.close_meeting):
        monkeypatch.setattr(task, "delay", task)


class Outage:
    """The stand-in on one port, which can be closed and opened again."""

    def __init__(self, app: ZoomStandIn) -> None:
        self.app = app
        self.server: BaseWSGIServer | None = None
        self.port = 0

    def ends(self) -> None:
        self.server = listen(self.app, port=self.port)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def begins(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def outage(settings) -> Iterator[Outage]:
    outage = Outage(ZoomStandIn())
    outage.ends()
    point_zoom_at(f"http://127.0.0.1:{outage.port}", settings=settings, app=outage.app)
    yield outage
    outage.begins()


def pass_time(freeze, now: datetime, *, minutes: int) -> datetime:
    """The sweeper as the beat starts it, every 30 seconds; returns the end."""
    for half_minute in range(2 * minutes):
        freeze(now + half_minute * 30 * SECOND)
        wake_up_meetings()
    return freeze(now + minutes * MINUTE)


def test_a_reservation_made_meanwhile_gets_its_link_afterwards(way, outage, smtp_server, freeze, now):
    outage.begins()
    held = way.hold(jst(6, 2, 10))
    way.type(held)
    assert way.confirm(held).url == way.url("done", held.number)
    reservation = Reservation.objects.get()
    assert reservation.status == ReservationStatus.CONFIRMED
    page = way.client.get(reservation.get_absolute_url())
    assert page.status_code == 200

    later = pass_time(freeze, now, minutes=10)
    meeting = OnlineMeeting.objects.get()
    assert (meeting.state, bool(meeting.error), meeting.attempts > 2) == (MeetingState.REQUESTED, True, True)
    confirmation = OutgoingMail.objects.get(kind=MailKind.CONFIRMED)
    send(confirmation.pk, now=later)
    confirmation.refresh_from_db()
    assert confirmation.state == MailState.QUEUED

    outage.ends()
    later = pass_time(freeze, later, minutes=15)
    meeting.refresh_from_db()
    assert (meeting.state, meeting.error) == (MeetingState.OPEN, "")
    assert [(made["agenda"], made["start_time"]) for made in outage.app.book.all()] == [
        (f"ref:{meeting.ref}", "2026-06-02T01:00:00Z")
    ]
    send(confirmation.pk, now=later)
    confirmation.refresh_from_db()
    assert confirmation.state == MailState.SENT
    body = smtp_server.messages[-1].get_body(("plain",))
    assert body is not None
    assert meeting.display_id in body.get_content()


def test_while_it_is_down_it_is_spared_calls(db, zoom_stand_in, freeze, now):
    """Of twenty meetings five find out; then one in a minute tries for all."""
    zoom_stand_in.goes_wrong("bad_gateway", times=1000)
    for _number in range(20):
        requested_meeting(now)
    wake_up_meetings()
    assert len(zoom_stand_in.app.calls) == 5
    freeze(now + MINUTE)
    wake_up_meetings()
    assert len(zoom_stand_in.app.calls) == 6
    assert OnlineMeeting.objects.filter(error__contains="circuit open").count() == 19


def test_without_the_breaker_each_would_call(db, zoom_stand_in, now, monkeypatch):
    zoom_stand_in.goes_wrong("bad_gateway", times=1000)
    for _number in range(20):
        requested_meeting(now)
    monkeypatch.setattr("booking.meetings.zoom.breaker.FAILURES_IN_A_ROW", 1000)
    wake_up_meetings()
    assert len(zoom_stand_in.app.calls) == 20
