"""Zoom's answers as bytes on the wire: error bodies, rate headers, the HTML of the edge."""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

from werkzeug.wrappers import Response


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, {"X-RateLimit-Category": "Light", **(headers or {})}, content_type="application/json")


def no_content() -> Response:
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def error(status: int, code: int, message: str, *, fields: list[tuple[str, str]] | None = None) -> Response:
    body: dict[str, Any] = {"code": code, "message": message}
    if fields:
        body["errors"] = [{"field": field, "message": text} for field, text in fields]
    return answer(body, status)


def html(status: int, title: str) -> Response:
    return Response(
        f"<html><head><title>{title}</title></head><body>{title}</body></html>", status, content_type="text/html"
    )


def meeting_gone(meeting_id: str) -> Response:
    return error(404, 3001, f"Meeting does not exist: {meeting_id}.")


def user_unknown(host: str) -> Response:
    return error(404, 1001, f"User does not exist: {host}.")


def meeting_in_progress() -> Response:
    return error(400, 3002, "Sorry, you cannot delete this meeting since it's in progress.")


def participants_need_a_licence() -> Response:
    return error(400, 200, "Only available for paid account.")


def missing_scope(scope: str) -> Response:
    return error(400, 4711, f"Invalid access token, does not contain scopes:[{scope}].")


def token_refused() -> Response:
    return error(401, 124, "Invalid access token.")


PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
TOO_MANY_AT_ONCE = "Too many concurrent requests. A request to disassociate this user has already been made."
DAILY = (
    "You have reached the maximum daily rate limit for this API. "
    "Refer to the response header for details on when you can make another request."
)
HOST_DAILY = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this "
    "particular user. You may resume these requests at GMT 00:00:00."
)


RATE_LIMITS = {
    "per_second": PER_SECOND,
    "per_second_bare": PER_SECOND,
    "daily": DAILY,
    "daily_bare": DAILY,
    "host_daily": HOST_DAILY,
    "host_daily_bare": HOST_DAILY,
    "too_many_at_once": TOO_MANY_AT_ONCE,
}


def rate_limited(kind: str, *, seconds: float = 0) -> Response:
    """One of RATE_LIMITS. The account's day ends after `seconds`; 0 is the next 0:00 UTC."""
    headers = {}
    if kind == "per_second":
        headers = {"X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "4", "X-RateLimit-Remaining": "0"}
    if kind == "daily":
        ends_at = datetime.now(UTC) + timedelta(seconds=seconds) if seconds else _next_midnight()
        headers = {"X-RateLimit-Type": "Daily-limit", "Retry-After": ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if kind == "host_daily":
        headers = {"X-RateLimit-Limit": "6000", "X-RateLimit-Remaining": "5893"}
    return answer({"code": 429, "message": RATE_LIMITS[kind]}, 429, headers)


def _next_midnight() -> datetime:
    return datetime.combine(datetime.now(UTC).date() + timedelta(days=1), time.min, tzinfo=UTC)


def fault_answer(fault: str, *, seconds: float = 0) -> Response | None:
    """The refusal of this fault, or None for a fault that lets the call happen."""
    if fault in RATE_LIMITS:
        return rate_limited(fault, seconds=seconds)
    match fault:
        case "bad_gateway":
            return html(502, "502 Bad Gateway")
        case "edge_not_found":
            return html(404, "404 Not Found")
        case "token_expired":
            return error(401, 124, "Access token is expired.")
        case "token_refused":
            return token_refused()
        case "missing_scope":
            return missing_scope("meeting:write:meeting:admin")
        case "user_unknown":
            return user_unknown("nobody@example.jp")
        case "meeting_gone" | "meeting_deleted":
            return meeting_gone("0")
        case "credentials_refused":
            return answer({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 400)
    known = {
        "server_error": (500, 500, "Internal server error."),
        "not_licensed": (400, 3161, "Your user account is not allowed meeting hosting and scheduling capabilities."),
        "not_paid": (400, 200, "Only available for paid account: abc."),
        "invalid": (400, 300, "Validation Failed."),
        "forbidden": (403, 403, "authenticated user has not permitted access to the targeted resource"),
        "conflict": (409, 409, "Conflict."),
    }
    return error(*known[fault]) if fault in known else None
