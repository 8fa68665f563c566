"""Zoom's refusals, by (HTTP status, code): the same code means different things under different statuses."""

from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from booking.meetings.errors import (
    ConfigurationAlarm,
    HostUnavailable,
    HostUsedUp,
    InvalidRequest,
    MeetingError,
    MeetingGone,
    NoAnswer,
    NotInPlan,
    OutcomeUnknown,
    RetryLater,
    WaitUntil,
)

TOKEN_REFUSED = {(400, 124), (401, 124), (401, None)}
APP_REFUSED = (104, 4700, 4702, 4704, 4705, 4706, 4711, 4717, 4738, 4741)
"""Scopes are missing, or the app is unknown, disabled or revoked: only an administrator can cure it."""
BY_STATUS_AND_CODE: dict[tuple[int, int | None], type[MeetingError]] = {
    **{(400, code): ConfigurationAlarm for code in APP_REFUSED},
    (400, 200): NotInPlan,
    (400, 300): InvalidRequest,
    (400, 1010): HostUnavailable,
    (400, 3000): InvalidRequest,
    (400, 3002): RetryLater,  # in progress: it was started between ending and deleting it
    (400, 3007): MeetingGone,  # has ended for good
    (400, 3161): HostUnavailable,
    (400, 12702): InvalidRequest,  # a past meeting older than a year: nothing is known any more
    (404, 1001): HostUnavailable,
    (404, 3001): MeetingGone,
    (404, None): RetryLater,  # HTML from the edge says nothing about the meeting
}
BY_STATUS: dict[int, type[MeetingError]] = {
    401: ConfigurationAlarm,
    403: ConfigurationAlarm,
    409: RetryLater,
}


def body_of(response: requests.Response) -> dict[str, Any]:
    """The JSON object in the answer, or an empty one: errors from the edge are HTML."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def code_of(response: requests.Response) -> int | None:
    code = body_of(response).get("code")
    return code if isinstance(code, int) else None


def refuses_token(response: requests.Response) -> bool:
    return (response.status_code, code_of(response)) in TOKEN_REFUSED


def error_of(response: requests.Response, *, may_have_worked: bool, now: datetime) -> MeetingError:
    """What this refusal means for the caller. `may_have_worked` is true for a POST, which must not be repeated blindly."""
    status, code = response.status_code, code_of(response)
    message = str(body_of(response).get("message", ""))
    detail = f"Zoom {status}/{code or '-'} {message[:160]}".strip()
    if status == 429:
        return _rate_limit(message, retry_after=response.headers.get("Retry-After", ""), detail=detail, now=now)
    if status == 408 or status >= 500 or status < 400:
        return OutcomeUnknown(detail) if may_have_worked else NoAnswer(detail)
    return (BY_STATUS_AND_CODE.get((status, code)) or BY_STATUS.get(status, InvalidRequest))(detail)


def _rate_limit(message: str, *, retry_after: str, detail: str, now: datetime) -> MeetingError:
    """Decided by the message: the limit of 100 a day per host comes without a header that would tell."""
    if "daily" not in message.lower():
        return RetryLater(detail)
    told = parse_retry_after(retry_after, now=now)
    is_within_a_day = told is not None and told <= now + timedelta(days=1)
    is_of_the_host = "(100)" in message or "particular user" in message.lower()
    kind = HostUsedUp if is_of_the_host else WaitUntil
    return kind(detail, at=told if told and is_within_a_day else next_utc_midnight(now))


def parse_retry_after(value: str, *, now: datetime) -> datetime | None:
    """Zoom sends an ISO 8601 time, RFC 9110 asks for seconds or an HTTP date; anything else is no answer."""
    value = value.strip()
    if value.isdecimal() and len(value) < 7:
        return now + timedelta(seconds=int(value))
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(value)
        except (ValueError, TypeError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def next_utc_midnight(now: datetime) -> datetime:
    """When Zoom's daily counters start again: 9:00 in Japan."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, tzinfo=UTC)
