from datetime import timedelta

from booking.enums import CAN_BE_ENTERED
from booking.meetings import provider
from booking.meetings.errors import MeetingError, MeetingGone
from booking.models import OnlineMeeting
from booking.refusals import refusal

TIMEOUT = timedelta(seconds=4)


def host_url(meeting: OnlineMeeting) -> str:
    """The link that lets the counselor in as host: hand it to the browser as a redirect and to nobody else.

    The one call to the meeting software inside a web request, for staff only: the link signs its bearer in and dies
    after two hours, so there is nothing to store. Raises BookingError (meeting_not_open, host_link_unavailable).
    """
    if meeting.state not in CAN_BE_ENTERED:
        raise refusal("meeting_not_open")
    try:
        return provider(meeting.software, timeout=TIMEOUT).host_url(meeting.meeting_id)
    except MeetingGone as error:
        raise refusal("meeting_gone") from error
    except MeetingError as error:
        raise refusal("host_link_unavailable") from error
