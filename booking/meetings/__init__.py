"""Meeting software behind one small protocol: `provider(software)` is the only way in."""

from datetime import timedelta

from django.conf import settings

from booking.meetings.errors import ConfigurationAlarm
from booking.meetings.protocol import MeetingProvider
from booking.meetings.zoom.provider import ZoomProvider
from offices.enums import MeetingSoftware


def provider(software: str, *, timeout: timedelta | None = None) -> MeetingProvider:
    """The backend of that name, configured from the settings. `timeout` shortens each single call to it."""
    match MeetingSoftware(software):
        case MeetingSoftware.ZOOM:
            return ZoomProvider.from_settings(timeout=timeout or settings.ZOOM_TIMEOUT)
        case MeetingSoftware.LINK | MeetingSoftware.PHONE:
            raise ConfigurationAlarm(f"{software}: the portal cannot command this software")
