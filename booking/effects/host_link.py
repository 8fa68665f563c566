from datetime import timedelta

from django.utils.translation import gettext as _

from booking.enums import MeetingState
from booking.errors import BookingError
from booking.meetings import provider
from booking.meetings.errors import MeetingError, MeetingGone
from booking.models import OnlineMeeting

TIMEOUT = timedelta(seconds=4)


def host_url(meeting: OnlineMeeting) -> str:
    """The link that lets the counselor in as host: hand it to the browser as a redirect and to nobody else.

    The one call to the meeting software inside a web request, for staff only: the link signs its bearer in and dies
    after two hours, so there is nothing to store. Raises BookingError (meeting_not_open, host_link_unavailable).
    """
    if meeting.state != MeetingState.OPEN:
        raise BookingError(_("この予約のZoomミーティングは、まだ作成されていません。"), code="meeting_not_open")
    try:
        return provider(meeting.software, timeout=TIMEOUT).host_url(meeting.meeting_id)
    except MeetingGone as error:
        text = _("Zoomにこのミーティングがありません。Zoomの画面で削除されていないか確認してください。")
        raise BookingError(text, code="meeting_gone") from error
    except MeetingError as error:
        text = _("Zoomから開始用のリンクを受け取れませんでした。少し待ってから、もう一度お試しください。")
        raise BookingError(text, code="host_link_unavailable") from error
