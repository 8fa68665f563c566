"""What the stand-in tells by webhook: who opens its pages, what starts, ends and is changed; signed as Zoom signs.

Switches (`/_switches`) make it an enemy: twice, late, stale, unsigned, replayed, reversed, lost.
"""

import base64
import hashlib
import hmac
import json
import queue
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from demo.zoom_stand_in.attendance import AttendanceBook
from demo.zoom_stand_in.meetings import utc_text
from demo.zoom_stand_in.switches import SwitchBoard

Meeting = dict[str, Any]
Event = dict[str, Any]
TIMEOUT_SECONDS = 5


class Postman:
    """Sends in a thread of its own, in order. Without an address nothing is sent, but everything is written down."""

    def __init__(self, *, address: str, secret: str, switch_board: SwitchBoard) -> None:
        self.address = address
        self.secret = secret
        self.events: list[Event] = []
        self.answers: list[int] = []
        """Status of each request, in order; 0 where nobody answered."""
        self._switches = switch_board
        self._letters: queue.Queue[tuple[bytes, dict[str, str], float]] = queue.Queue()
        self._first: tuple[bytes, dict[str, str]] | None = None
        threading.Thread(target=self._deliver, daemon=True).start()

    def send(self, events: Sequence[Event]) -> None:
        self.events += events
        if not self.address or self._is_on("webhooks_lost"):
            return
        for event in reversed(events) if self._is_on("webhooks_reversed") else events:
            self._post(json.dumps(event, ensure_ascii=False).encode())

    def wait(self) -> None:
        """Until everything has been answered."""
        self._letters.join()

    def headers_of(self, body: bytes, *, age: float = 0) -> dict[str, str]:
        stamp = str(int(time.time() - age))
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Zoom Marketplace/1.0a",
            "x-zm-request-timestamp": stamp,
            "x-zm-trackingid": f"WEB_{secrets.token_hex(8)}",
        }
        if not self._is_on("webhooks_unsigned"):
            digest = hmac.new(self.secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
            headers["x-zm-signature"] = f"v0={digest.hexdigest()}"
        return headers

    def _post(self, body: bytes) -> None:
        headers = self.headers_of(body, age=self._switches.amount("webhooks_stale") or 0)
        self._first = self._first or (body, headers)
        pause = self._switches.amount("webhooks_late") or 0
        for _time in range(2 if self._is_on("webhooks_twice") else 1):
            self._letters.put((body, headers, pause))
        if self._is_on("webhooks_replayed"):
            self._letters.put((*self._first, 0))

    def _deliver(self) -> None:
        while True:
            body, headers, pause = self._letters.get()
            time.sleep(pause)
            try:
                answer = requests.post(self.address, data=body, headers=headers, timeout=TIMEOUT_SECONDS)
                self.answers.append(answer.status_code)
            except requests.RequestException:
                self.answers.append(0)
            self._letters.task_done()

    def _is_on(self, switch: str) -> bool:
        return self._switches.amount(switch) is not None


@dataclass
class Visitor:
    user_id: str
    account_id: str
    name: str
    email: str
    key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(16)).decode())
    joined_at: str = ""


@dataclass
class Session:
    uuid: str
    started_at: str
    inside: list[Visitor] = field(default_factory=list)


class Door:
    """Who is where, told as it happens. Whoever comes before the host waits; the host lets everybody in at once."""

    def __init__(self, *, postman: Postman, attendance: AttendanceBook) -> None:
        self._postman = postman
        self._attendance = attendance
        self._lock = threading.Lock()
        self._waiting: dict[int, list[Visitor]] = {}
        self._sessions: dict[int, Session] = {}
        self._numbers = 16778240

    def host_enters(self, meeting: Meeting) -> None:
        with self._lock:
            events: list[Event] = []
            session = self._sessions.get(meeting["id"])
            if session is None:
                session = Session(uuid=self._uuid_of(meeting), started_at=_now())
                self._sessions[meeting["id"]] = session
                events.append(_event("meeting.started", meeting, session))
                host = self._visitor("見本 相談員", account_id=meeting["host_id"], email=meeting["host_email"])
                events += self._join(meeting, session, host)
            for visitor in self._waiting.pop(meeting["id"], []):
                events += self._admit(meeting, session, visitor)
        self._postman.send(events)

    def guest_enters(self, meeting: Meeting) -> None:
        with self._lock:
            visitor, session = self._visitor("見本 利用者"), self._sessions.get(meeting["id"])
            if session is None:
                self._waiting.setdefault(meeting["id"], []).append(visitor)
                person = {"id": "", "user_name": visitor.name}
                events = [_event("meeting.participant_jbh_waiting", meeting, participant=person)]
            else:
                events = self._admit(meeting, session, visitor)
        self._postman.send(events)

    def ends(self, meeting: Meeting) -> None:
        """For everybody inside; afterwards Zoom knows who was there."""
        with self._lock:
            session = self._sessions.pop(meeting["id"], None)
            if session is None:
                return
            left_at = _now()
            events = [
                _event("meeting.participant_left", meeting, session, participant=_person(one, leave_time=left_at))
                for one in session.inside
            ]
            events.append(_event("meeting.ended", meeting, session, end_time=left_at))
            rows = [_row(one, left_at=left_at) for one in session.inside]
        self._attendance.hold(str(meeting["id"]), uuid=session.uuid, start_time=session.started_at, participants=rows)
        self._postman.send(events)

    def tells_of_change(self, name: str, meeting: Meeting) -> None:
        """meeting.updated and meeting.deleted: here the meeting's number is a number."""
        told = {
            key: meeting[key]
            for key in ("uuid", "id", "host_id", "topic", "type", "start_time", "duration", "timezone")
        }
        payload: dict[str, Any] = {
            "account_id": "stand-in",
            "operator": meeting["host_email"],
            "operator_id": meeting["host_id"],
        }
        if name == "meeting.updated":
            payload |= {"scope": "single", "time_stamp": _stamp(), "old_object": {"id": meeting["id"]}}
        self._postman.send([{"event": name, "event_ts": _stamp(), "payload": {**payload, "object": told}}])

    def _admit(self, meeting: Meeting, session: Session, visitor: Visitor) -> list[Event]:
        came = _person(visitor, date_time=_now())
        return [
            _event("meeting.participant_joined_waiting_room", meeting, session, participant=came),
            _event("meeting.participant_admitted", meeting, session, participant=came),
            _event("meeting.participant_left_waiting_room", meeting, session, participant=came),
            *self._join(meeting, session, visitor),
        ]

    def _join(self, meeting: Meeting, session: Session, visitor: Visitor) -> list[Event]:
        visitor.joined_at = _now()
        session.inside.append(visitor)
        person = _person(visitor, join_time=visitor.joined_at)
        return [_event("meeting.participant_joined", meeting, session, participant=person)]

    def _visitor(self, name: str, *, account_id: str = "", email: str = "") -> Visitor:
        self._numbers += 1024
        return Visitor(user_id=str(self._numbers), account_id=account_id, name=name, email=email)

    def _uuid_of(self, meeting: Meeting) -> str:
        """The meeting's own the first time, a new one for every later start."""
        is_first = not self._attendance.instances(str(meeting["id"]))
        return str(meeting["uuid"]) if is_first else base64.b64encode(secrets.token_bytes(16)).decode()


def _event(
    name: str,
    meeting: Meeting,
    session: Session | None = None,
    *,
    participant: dict[str, str] | None = None,
    **more: Any,
) -> Event:
    told: dict[str, Any] = {
        "id": str(meeting["id"]),
        "uuid": session.uuid if session else meeting["uuid"],
        **{key: meeting[key] for key in ("host_id", "topic", "type", "start_time", "duration", "timezone")},
        **more,
    }
    if participant is not None:
        told["participant"] = participant
    return {"event": name, "event_ts": _stamp(), "payload": {"account_id": "stand-in", "object": told}}


def _person(visitor: Visitor, **moments: str) -> dict[str, str]:
    return {
        "user_id": visitor.user_id,
        "user_name": visitor.name,
        "id": visitor.account_id,
        "participant_uuid": visitor.key,
        "participant_user_id": visitor.account_id,
        "email": visitor.email,
        **moments,
    }


def _row(visitor: Visitor, *, left_at: str) -> dict[str, Any]:
    """One row of *past meeting participants*."""
    return {
        "id": visitor.account_id,
        "user_id": visitor.user_id,
        "name": visitor.name,
        "user_email": visitor.email,
        "join_time": visitor.joined_at,
        "leave_time": left_at,
        "duration": int((datetime.fromisoformat(left_at) - datetime.fromisoformat(visitor.joined_at)).total_seconds()),
        "status": "in_meeting",
    }


def _now() -> str:
    return utc_text(datetime.now(UTC))


def _stamp() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
