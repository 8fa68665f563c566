"""Zoom's webhooks: is it Zoom that sends, and what does it tell? Nothing here reads a name (zoom contract C.9)."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from booking.meetings.zoom.times import moment_of

TIMESTAMP = re.compile(r"[0-9]{10}(?:[0-9]{3})?")
"""Seconds, as captured deliveries have it; milliseconds, as one note shows."""
PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Without colon and space: no text that could pass for the signed text of a forged notice."""
MEETING_NUMBER = re.compile(r"[0-9]{9,20}")
KEY = re.compile(r"[!-~]{1,80}")
VALIDATION = "endpoint.url_validation"


class Moment(StrEnum):
    """Which moment of a stay an event tells: the column it is written to."""

    WAITED = "waited_at"
    JOINED = "joined_at"
    LEFT = "left_at"


STARTED, ENDED = "meeting.started", "meeting.ended"
CHANGED_IN_ZOOM = ("meeting.updated", "meeting.deleted")
"""Perhaps by somebody in Zoom's own portal, perhaps by ourselves: the event alone proves nothing, Zoom has to be asked."""
STAYS: Mapping[str, Moment] = {
    STARTED: Moment.JOINED,
    ENDED: Moment.LEFT,
    "meeting.participant_joined": Moment.JOINED,
    "meeting.participant_left": Moment.LEFT,
    "meeting.participant_joined_waiting_room": Moment.WAITED,
    "meeting.participant_put_in_waiting_room": Moment.WAITED,
    "meeting.participant_left_waiting_room": Moment.LEFT,
    "meeting.participant_admitted": Moment.JOINED,
    "meeting.participant_jbh_waiting": Moment.WAITED,
    "meeting.participant_jbh_waiting_left": Moment.LEFT,
    "meeting.participant_jbh_joined": Moment.JOINED,
}
"""jbh: the participant came before the host."""
KNOWN_EVENTS = frozenset({*STAYS, *CHANGED_IN_ZOOM})
TIMES = {
    Moment.WAITED: ("date_time",),
    Moment.JOINED: ("join_time", "date_time"),
    Moment.LEFT: ("leave_time", "date_time"),
}
"""Where a participant's moment stands; Zoom's own examples do not keep to its description."""
FURTHEST = timedelta(days=1)
"""From the moment of the event: a time of another year is none, and one of the year 10000 could not even be read again."""
WHOLE_MEETING = ""
"""The participant of `meeting.started` and `meeting.ended`: nobody, but only the host's side can start a meeting."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What is kept of a webhook. Keys are the software's own; names, addresses and numbers of people are not read."""

    event: str
    meeting_id: str
    sent_at: datetime
    content: dict[str, Any]
    """For a stay {"instance", "participant", "is_host", "at"} (ISO 8601); empty for a change in Zoom."""


def signature(body: bytes, *, timestamp: str, secret: str) -> str:
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signing_secret(
    body: bytes,
    *,
    timestamp: str,
    signed: str,
    secrets: Sequence[str],
    now: datetime,
    oldest: timedelta,
    ahead: timedelta,
) -> str | None:
    """The one of our secrets that signed these bytes within the window, or None. Compared in constant time."""
    found = None
    for secret in secrets:
        expected = signature(body, timestamp=timestamp, secret=secret)
        if hmac.compare_digest(expected.encode(), signed.encode()):
            found = secret
    sent_at = moment_of_timestamp(timestamp)
    is_in_window = sent_at is not None and now - oldest <= sent_at <= now + ahead
    return found if is_in_window else None


def moment_of_timestamp(text: str) -> datetime | None:
    """Ten digits are seconds, thirteen are milliseconds; None for anything else."""
    if not TIMESTAMP.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), tz=UTC)


def validation_answer(plain_token: str, *, secret: str) -> dict[str, str] | None:
    """What Zoom asks for before it sends events, and every 72 hours; None for a token that Zoom would not send.

    It signs what it is given: only for a request whose own signature was right (ADR 15).
    """
    if not PLAIN_TOKEN.fullmatch(plain_token):
        return None
    digest = hmac.new(secret.encode(), plain_token.encode(), hashlib.sha256).hexdigest()
    return {"plainToken": plain_token, "encryptedToken": digest}


def read_body(body: bytes) -> Mapping[str, Any]:
    """The JSON object, or an empty one."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def plain_token_of(told: Mapping[str, Any]) -> str:
    return _text(_mapping(told, "payload").get("plainToken"))


def notice_of(told: Mapping[str, Any], *, sent_at: datetime) -> Notice | None:
    """What the portal wants to know of it; None for an event it does not know, or that names no meeting.

    `sent_at` stands in for a missing event_ts (meeting.deleted may have none).
    """
    event = told.get("event")
    meeting = _mapping(_mapping(told, "payload"), "object")
    meeting_id = _text(meeting.get("id"))
    if not isinstance(event, str) or event not in KNOWN_EVENTS or not MEETING_NUMBER.fullmatch(meeting_id):
        return None
    happened_at = _moment_of_event(told) or sent_at
    content = {} if event in CHANGED_IN_ZOOM else _stay(event, meeting, happened_at=happened_at)
    return None if content is None else Notice(event=event, meeting_id=meeting_id, sent_at=happened_at, content=content)


def _stay(event: str, meeting: Mapping[str, Any], *, happened_at: datetime) -> dict[str, Any] | None:
    instance = _text(meeting.get("uuid"))
    if not KEY.fullmatch(instance):
        return None
    if event in (STARTED, ENDED):
        ended_at = _moment_near(happened_at, meeting.get("end_time")) if event == ENDED else None
        at = ended_at or happened_at
        return {"instance": instance, "participant": WHOLE_MEETING, "is_host": True, "at": at.isoformat()}
    person = _mapping(meeting, "participant")
    told = (_moment_near(happened_at, person.get(name)) for name in TIMES[STAYS[event]])
    at = next(filter(None, told), happened_at)
    return {
        "instance": instance,
        "participant": _key_of(person),
        "is_host": _is_host(person, host_id=_text(meeting.get("host_id"))),
        "at": at.isoformat(),
    }


def _key_of(person: Mapping[str, Any]) -> str:
    """One stay. Who waits for the host has no number yet, and a guest no id either: all of them are one then."""
    for name in ("user_id", "participant_uuid"):
        key = _text(person.get(name))
        if KEY.fullmatch(key):
            return key
    account = _text(person.get("id"))
    return f"before host {account}" if KEY.fullmatch(account) and len(account) <= 60 else "before host"


def _is_host(person: Mapping[str, Any], *, host_id: str) -> bool:
    """Only the host, exactly: a guest who happens to use a Zoom login of the office's account must not pass for it."""
    return host_id != "" and host_id in (person.get("participant_user_id"), person.get("id"))


def _moment_of_event(told: Mapping[str, Any]) -> datetime | None:
    stamp = told.get("event_ts")
    return moment_of_timestamp(str(stamp)) if isinstance(stamp, int) else None


def _moment_near(happened_at: datetime, value: object) -> datetime | None:
    """In UTC: not every offset that Python reads does PostgreSQL take."""
    moment = moment_of(_text(value))
    if moment is None or abs(moment - happened_at) > FURTHEST:
        return None
    return moment.astimezone(UTC)


def _mapping(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Numbers come as text or as numbers (zoom contract C.4)."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
