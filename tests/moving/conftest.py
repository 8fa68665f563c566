from typing import Any

import pytest

from booking.enums import MeetingState
from booking.flows.online_meeting import request_meeting
from booking.models import OnlineMeeting, Reservation, Service
from tests.factories import NOW, ReservationFactory, SeekerFactory, bookable_service

TYPED = {"name": "見本 花子", "phone": "090-1234-5678"}


@pytest.fixture
def service(db: None) -> Service:
    """Two counselors, weekdays 9:00–17:00; cancelling and moving until the start."""
    return bookable_service(counselors=2)


@pytest.fixture
def reservation(service: Service) -> Reservation:
    """With the first counselor, Tuesday 2026-06-02 10:00 to 10:30; its meeting is open."""
    return booked(service)


def booked(service: Service, **more: Any) -> Reservation:
    values = {"seeker": SeekerFactory.create(), "counselor": service.counselors.order_by("pk")[0], **more}
    reservation = ReservationFactory.create(service=service, **values)
    meeting = request_meeting(reservation, now=NOW)
    OnlineMeeting.objects.filter(pk=meeting.pk).update(
        state=MeetingState.OPEN, meeting_id="98765432109", join_url="https://zoom.example/j/98765432109"
    )
    return reservation
