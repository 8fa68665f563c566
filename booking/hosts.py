"""Which Zoom user opens the meeting of a session: the counselor's own (ADR 12)."""

from datetime import datetime
from typing import Any

from booking.models import Counselor
from offices.enums import MeetingSoftware


def host_columns(counselor: Counselor, *, software: MeetingSoftware, ends_at: datetime) -> dict[str, Any]:
    """The columns of a reservation that keep the host free for it."""
    if software != MeetingSoftware.ZOOM or counselor.meeting_host_id is None:
        return {"meeting_host_id": None, "host_until": None}
    return {"meeting_host_id": counselor.meeting_host_id, "host_until": ends_at}
