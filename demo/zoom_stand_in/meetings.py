"""The meetings of the stand-in: what Zoom would do with a request body, and what it would tell about a meeting."""

import base64
import secrets
import threading
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo.zoom_stand_in.journal import Journal, Meeting

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ"
HOST_DEFAULTS: dict[str, Any] = {
    "waiting_room": False,
    "join_before_host": False,
    "mute_upon_entry": False,
    "host_video": False,
    "participant_video": False,
    "auto_recording": "none",
    "approval_type": 2,
    "meeting_authentication": False,
    "use_pmi": True,
    "private_meeting": False,
    "email_notification": True,
    "alternative_hosts_email_notification": True,
    "auto_start_meeting_summary": True,
    "auto_start_ai_companion_questions": True,
    "continuous_meeting_chat": {"enable": True},
}
"""What a careless request falls back to: the host's own choices, a personal room for everybody included."""


class InvalidBodyError(ValueError):
    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def utc_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class MeetingBook:
    """Every meeting of every host; safe for the threads of the server."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._journal = Journal(path)
        self._meetings = self._journal.read()

    def all(self) -> list[Meeting]:
        with self._lock:
            return deepcopy(list(self._meetings.values()))

    def of_host(self, host: str, *, kind: str, now: datetime) -> list[Meeting]:
        mine = [meeting for meeting in self.all() if meeting["host_email"] == host]
        if kind == "scheduled":
            return mine
        if kind == "live":
            return [meeting for meeting in mine if meeting["status"] == "started"]
        past = [meeting for meeting in mine if _end(meeting) <= now and meeting["status"] != "started"]
        return past if kind == "previous_meetings" else [meeting for meeting in mine if meeting not in past]

    def get(self, meeting_id: str) -> Meeting | None:
        with self._lock:
            return deepcopy(self._meetings.get(meeting_id))

    def create(self, host: str, body: dict[str, Any], *, base_url: str, now: datetime) -> Meeting:
        check(body)
        with self._lock:
            meeting_id = self._free_id()
            passcode = body.get("password") or "".join(secrets.choice(ALPHABET) for _position in range(6))
            embedded = base64.urlsafe_b64encode(secrets.token_bytes(18)).decode()
            meeting: Meeting = {
                "id": int(meeting_id),
                "uuid": base64.b64encode(secrets.token_bytes(16)).decode(),
                "host_id": base64.urlsafe_b64encode(host.encode()).decode()[:22],
                "host_email": host,
                "status": "waiting",
                "type": body.get("type", 2),
                "topic": body.get("topic", "Zoom Meeting"),
                "agenda": body.get("agenda", ""),
                "start_time": utc_text(max(_start(body, now=now), now)),
                "duration": body.get("duration", 60),
                "timezone": body.get("timezone", "UTC"),
                "created_at": utc_text(now),
                "password": passcode,
                "encrypted_password": embedded,
                "join_url": f"{base_url}/j/{meeting_id}?pwd={embedded}",
                "settings": {**deepcopy(HOST_DEFAULTS), **body.get("settings", {})},
            }
            self._keep(meeting_id, meeting)
            return deepcopy(meeting)

    def change(self, meeting_id: str, changes: dict[str, Any], *, now: datetime) -> bool:
        """Zoom's PATCH: a start in the past is ignored. False when there is no such meeting."""
        check(changes)
        with self._lock:
            meeting = self._meetings.get(meeting_id)
            if meeting is None:
                return False
            known = {key: value for key, value in changes.items() if key in ("topic", "agenda", "duration", "timezone")}
            if "start_time" in changes and _start(changes, now=now) > now:
                known["start_time"] = utc_text(_start(changes, now=now))
            settings = {**meeting["settings"], **changes.get("settings", {})}
            self._keep(meeting_id, {**meeting, **known, "settings": settings})
            return True

    def overwrite(self, meeting_id: str, **values: Any) -> None:
        with self._lock:
            self._keep(meeting_id, {**self._meetings[meeting_id], **values})

    def delete(self, meeting_id: str) -> bool:
        with self._lock:
            if self._meetings.pop(meeting_id, None) is None:
                return False
            self._journal.write(meeting_id, None)
            return True

    def clear(self) -> None:
        for meeting in self.all():
            self.delete(str(meeting["id"]))

    def _keep(self, meeting_id: str, meeting: Meeting) -> None:
        self._meetings[meeting_id] = meeting
        self._journal.write(meeting_id, meeting)

    def _free_id(self) -> str:
        while True:
            meeting_id = f"{80_000_000_000 + secrets.randbelow(20_000_000_000)}"
            if meeting_id not in self._meetings:
                return meeting_id


def list_item(meeting: Meeting) -> dict[str, Any]:
    """What *List meetings* tells: neither the passcode nor the settings, and the agenda cut to 250 characters."""
    told = ("id", "uuid", "host_id", "topic", "type", "start_time", "duration", "timezone", "created_at", "join_url")
    return {**{key: meeting[key] for key in told}, "agenda": meeting["agenda"][:250]}


def check(body: dict[str, Any]) -> None:
    """Zoom's validation of a meeting body, as far as its document states limits."""
    limits = {"topic": 200, "agenda": 2000, "password": 10}
    for field, longest in limits.items():
        if not isinstance(body.get(field, ""), str) or len(body.get(field, "")) > longest:
            raise InvalidBodyError(field)
    if body.get("type", 2) not in (1, 2, 3, 8, 10):
        raise InvalidBodyError("type")
    duration = body.get("duration", 60)
    if not isinstance(duration, int) or not 1 <= duration <= 1440:
        raise InvalidBodyError("duration")
    if not isinstance(body.get("settings", {}), dict):
        raise InvalidBodyError("settings")
    _start(body, now=datetime.now(UTC))


def _start(body: dict[str, Any], *, now: datetime) -> datetime:
    text = body.get("start_time")
    if text is None:
        return now
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (ValueError, TypeError) as error:
        raise InvalidBodyError("start_time") from error


def _end(meeting: Meeting) -> datetime:
    return _start(meeting, now=datetime.now(UTC)) + timedelta(minutes=meeting["duration"])
