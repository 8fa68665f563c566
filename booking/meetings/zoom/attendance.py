"""Who was in a meeting, out of the rows of *past meeting participants* (zoom contract C.4)."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from booking.meetings.errors import NotThereYet
from booking.meetings.protocol import Stay
from booking.meetings.zoom.times import moment_of

Row = Mapping[str, Any]


def path_of_instance(uuid: str) -> str:
    """An identifier with a slash at its beginning or two in a row has to be encoded twice, every other one once."""
    encoded = quote(uuid, safe="")
    if uuid.startswith("/") or "//" in uuid:
        encoded = quote(encoded, safe="")
    return f"/past_meetings/{encoded}/participants"


def admitted(rows: Iterable[Row]) -> list[Row]:
    """Whoever was only in the waiting room was not in the session."""
    return [row for row in rows if row.get("status") != "in_waiting_room"]


def is_of(row: Row, *, host: str) -> bool:
    """The e-mail address stands there for people of the account only, so a guest never looks like the host."""
    return str(row.get("user_email") or "").lower() == host.lower()


def stay_of(row: Row, *, instance: str, is_host: bool) -> Stay:
    """Raises NotThereYet for a row that Zoom has not finished: shortly after the end some have no times."""
    joined_at = moment_of(str(row.get("join_time") or ""))
    participant = str(row.get("user_id") or "")
    if joined_at is None or not participant:
        raise NotThereYet("Zoom: participants not complete")
    return Stay(
        instance=instance,
        participant=participant,
        is_host=is_host,
        joined_at=joined_at,
        left_at=moment_of(str(row.get("leave_time") or "")),
    )
