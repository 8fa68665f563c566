"""The host link comes from the meeting software at the moment of the click and is kept nowhere."""

from collections.abc import Callable

from django.test import Client

from audit.models import AuditRecord
from booking.enums import MeetingState
from booking.meetings import provider
from booking.meetings.protocol import MeetingRequest
from booking.models import OnlineMeeting
from tests.factories import NOW
from tests.staff.conftest import World
from tests.staff.test_day_list import meeting_of
from tests.zoom.conftest import zoom_stand_in

__all__ = ["zoom_stand_in"]


def test_click_leads_into_the_meeting_and_leaves_only_an_audit_record(
    world: World, client_of: Callable[..., Client], zoom_stand_in
):
    reservation = world.reservation
    meeting = meeting_of(reservation, software="zoom")
    wanted = MeetingRequest(
        host="host@zoom.example",
        starts_at=reservation.starts_at,
        minutes=30,
        topic="オンライン職業相談",
        ref=meeting.ref,
    )
    opened = provider(meeting.software).create(wanted, now=NOW)
    OnlineMeeting.objects.filter(pk=meeting.pk).update(state=MeetingState.OPEN, meeting_id=opened.meeting_id)
    before = OnlineMeeting.objects.values().get(pk=meeting.pk)
    response = client_of(world.counselor).post(f"/admin/reservations/{reservation.number}/host/")
    assert response.status_code == 302
    assert response.url.startswith(zoom_stand_in.url)
    assert OnlineMeeting.objects.values().get(pk=meeting.pk) == before
    record = AuditRecord.objects.get(action="meeting.host_link_opened")
    assert (record.actor, record.subject) == (world.counselor, reservation.number)
    assert response.url not in str(record.detail)
