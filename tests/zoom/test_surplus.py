"""A worker that took so long that another one opened the meeting meanwhile leaves none too many behind."""

from datetime import timedelta

from booking.effects import open_meeting as opening
from booking.effects.close_meeting import close_meeting
from booking.effects.orders import request_of
from booking.enums import MeetingState
from booking.models import OnlineMeeting

SLOW = timedelta(minutes=3)


def test_the_meeting_too_many_is_closed_even_when_zoom_fails_at_first(meeting, zoom, zoom_stand_in, now):
    order = opening._claim(meeting.pk, now=now)
    assert order is not None
    made_by_the_slow_one = zoom.create(request_of(meeting, now=now), now=now)
    OnlineMeeting.objects.filter(pk=meeting.pk).update(
        state=MeetingState.OPEN, meeting_id="92674392836", join_url="https://zoom.us/j/1", passcode="abc"
    )
    row = opening._settle(order, created=made_by_the_slow_one, now=now + SLOW)
    assert row != meeting.pk

    zoom_stand_in.goes_wrong("bad_gateway", on="^DELETE")
    close_meeting(row, now=now + SLOW)
    assert len(zoom_stand_in.meetings) == 1
    assert row in OnlineMeeting.objects.left_behind(now + SLOW * 5).values_list("pk", flat=True)
    close_meeting(row, now=now + SLOW * 5)
    assert zoom_stand_in.meetings == []
    meeting.refresh_from_db()
    assert (meeting.state, meeting.meeting_id) == (MeetingState.OPEN, "92674392836")
