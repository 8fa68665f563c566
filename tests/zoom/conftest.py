from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from booking.effects.open_meeting import open_meeting
from booking.meetings import provider as provider_of
from booking.meetings.protocol import MeetingProvider, MeetingRequest
from booking.models import OnlineMeeting
from demo.zoom_stand_in.app import ZoomStandIn
from offices.enums import MeetingSoftware
from tests.factories import CounselorFactory, ReservationFactory, ServiceFactory
from tests.zoom.stand_in import RunningStandIn, point_zoom_at, serving


@pytest.fixture
def zoom_stand_in(settings) -> Iterator[RunningStandIn]:
    """A server that speaks Zoom's contract, in this process; the settings point at it."""
    app = ZoomStandIn()
    with serving(app) as url:
        point_zoom_at(url, settings=settings, app=app)
        settings.ZOOM_TIMEOUT = timedelta(seconds=1)
        yield RunningStandIn(app=app, url=url)


@pytest.fixture
def now(freeze) -> datetime:
    return freeze("2026-06-01 10:00")


@pytest.fixture
def zoom(zoom_stand_in) -> MeetingProvider:
    return provider_of(MeetingSoftware.ZOOM)


@pytest.fixture
def request_for_tuesday(now) -> MeetingRequest:
    return MeetingRequest(
        host="host@zoom.example",
        starts_at=now.replace(day=2, hour=14),
        minutes=30,
        topic="オンライン職業相談",
        ref="7f3c9a52e1d84b60",
    )


@pytest.fixture
def meeting(db, now) -> OnlineMeeting:
    return requested_meeting(now)


@pytest.fixture
def opened(meeting, zoom_stand_in, now) -> OnlineMeeting:
    open_meeting(meeting.pk, now=now)
    meeting.refresh_from_db()
    return meeting


def requested_meeting(now: datetime, **fields: Any) -> OnlineMeeting:
    service = ServiceFactory.create()
    counselor = CounselorFactory.create(office=service.office, services=[service])
    reservation = ReservationFactory.create(service=service, office=service.office, counselor=counselor, **fields)
    return OnlineMeeting.objects.create(
        reservation=reservation,
        software=MeetingSoftware.ZOOM,
        host=reservation.meeting_host_id,
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        requested_at=now,
        next_attempt_at=now,
    )
