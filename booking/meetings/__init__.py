"""Meeting software behind one small protocol: `provider(software)` is the only way in."""

from datetime import timedelta

from django.conf import settings

from booking.meetings.link import LinkProvider
from booking.meetings.phone import PhoneProvider
from booking.meetings.protocol import Capability, MeetingProvider
from booking.meetings.zoom.deviations import take_counts
from booking.meetings.zoom.provider import ZoomProvider
from offices.enums import MeetingSoftware

PROVIDERS: dict[MeetingSoftware, type[ZoomProvider | LinkProvider | PhoneProvider]] = {
    MeetingSoftware.ZOOM: ZoomProvider,
    MeetingSoftware.LINK: LinkProvider,
    MeetingSoftware.PHONE: PhoneProvider,
}


def provider(software: str, *, timeout: timedelta | None = None) -> MeetingProvider:
    """The backend of that name, configured from the settings. `timeout` shortens each single call to it."""
    match MeetingSoftware(software):
        case MeetingSoftware.ZOOM:
            return ZoomProvider.from_settings(timeout=timeout or settings.ZOOM_TIMEOUT)
        case MeetingSoftware.LINK:
            return LinkProvider()
        case MeetingSoftware.PHONE:
            return PhoneProvider()


def can(software: str, capability: Capability) -> bool:
    """Does it do this at our command? Asks nobody and needs no settings."""
    return capability in PROVIDERS[MeetingSoftware(software)].capabilities


def take_deviations() -> dict[str, int]:
    """How often each setting came back different from what was asked since this was called last; begins anew."""
    return take_counts()
