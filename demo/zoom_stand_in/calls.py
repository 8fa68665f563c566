"""Zoom's API as the portal calls it: meetings, users, who was there. Each answer is in the form of Zoom's document."""

import base64
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from demo.zoom_stand_in.answers import (
    answer,
    error,
    meeting_gone,
    meeting_in_progress,
    no_content,
    participants_need_a_licence,
    rate_limited,
    user_unknown,
)
from demo.zoom_stand_in.attendance import AttendanceBook
from demo.zoom_stand_in.meetings import InvalidBodyError, MeetingBook, list_item, utc_text
from demo.zoom_stand_in.switches import CallLedger, SwitchBoard


class ZoomCalls:
    """Each method answers one route. `fault` is the one that hits this call and lets it happen."""

    def __init__(self, *, book: MeetingBook, switch_board: SwitchBoard, base_url: str) -> None:
        self.book = book
        self.switch_board = switch_board
        self.host_calls = CallLedger()
        self.attendance = AttendanceBook()
        self.base_url = base_url
        self._lock = threading.Lock()
        self._host_keys: dict[str, str] = {}

    def base(self, request: Request) -> str:
        return self.base_url or request.host_url.rstrip("/")

    def is_host_key(self, meeting_id: str, key: str | None) -> bool:
        """Does this key of a host's link open the meeting?"""
        with self._lock:
            return key is not None and self._host_keys.get(meeting_id) == key

    def create(self, request: Request, *, host: str, fault: str = "") -> Response:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return error(400, 300, "Request Body should be a valid JSON object.")
        if host.startswith("nobody@"):
            return user_unknown(host)
        if not self._may_call(host):
            return rate_limited("host_daily")
        try:
            meeting = self.book.create(host, body, base_url=self.base(request), now=_now())
        except InvalidBodyError as invalid:
            return error(400, 300, "Validation Failed.", fields=[(invalid.field, "Invalid field.")])
        self._spoil(str(meeting["id"]), fault=fault)
        return answer(self._told(str(meeting["id"]), request), 201)

    def list_meetings(self, request: Request, *, host: str) -> Response:
        if host.startswith("nobody@"):
            return user_unknown(host)
        return self._page(request, meetings=[list_item(meeting) for meeting in self._of_kind(request, host=host)])

    def read(self, request: Request, *, meeting_id: str) -> Response:
        return (
            meeting_gone(meeting_id) if self.book.get(meeting_id) is None else answer(self._told(meeting_id, request))
        )

    def change(self, request: Request, *, meeting_id: str, fault: str = "") -> Response:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return error(400, 300, "Request Body should be a valid JSON object.")
        meeting = self.book.get(meeting_id)
        if meeting is not None and not self._may_call(meeting["host_email"]):
            return rate_limited("host_daily")
        if fault == "change_ignored":
            return no_content()
        try:
            known = self.book.change(meeting_id, body, now=_now())
        except InvalidBodyError as invalid:
            return error(400, 300, "Validation Failed.", fields=[(invalid.field, "Invalid field.")])
        return no_content() if known else meeting_gone(meeting_id)

    def remove(self, request: Request, *, meeting_id: str) -> Response:
        meeting = self.book.get(meeting_id)
        if meeting is not None and meeting["status"] == "started":
            return meeting_in_progress()
        return no_content() if self.book.delete(meeting_id) else meeting_gone(meeting_id)

    def status(self, request: Request, *, meeting_id: str) -> Response:
        meeting = self.book.get(meeting_id)
        if meeting is None:
            return meeting_gone(meeting_id)
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or body.get("action") != "end":
            return error(400, 300, "Validation Failed.", fields=[("action", "Invalid field.")])
        if meeting["status"] != "started":
            return error(400, 3000, "Meeting is not in progress.")
        self.book.overwrite(meeting_id, status="waiting")
        return no_content()

    def user(self, request: Request, *, host: str) -> Response:
        if host.startswith("nobody@"):
            return user_unknown(host)
        user_id = base64.urlsafe_b64encode(host.encode()).decode()[:22]
        names = {"first_name": "見本", "last_name": "相談員", "display_name": "見本 相談員"}
        kind = 1 if self.switch_board.amount("basic_hosts") else 2
        return answer(
            {"id": user_id, "email": host, "type": kind, "status": "active", "timezone": "Asia/Tokyo", **names}
        )

    def instances(self, request: Request, *, meeting_id: str) -> Response:
        held = self.attendance.instances(meeting_id)
        if not held and self.book.get(meeting_id) is None:
            return meeting_gone(meeting_id)
        return answer({"meetings": [{"uuid": one.uuid, "start_time": one.start_time} for one in held]})

    def participants(self, request: Request, *, meeting_id: str) -> Response:
        """`meeting_id` may be a UUID; one with slashes comes encoded twice, of which the server has taken one off."""
        rows = self.attendance.participants(unquote(meeting_id))
        if rows is None and self.book.get(meeting_id) is None:
            return meeting_gone(meeting_id)
        if self.switch_board.amount("basic_hosts"):
            return participants_need_a_licence()
        return self._page(request, participants=rows or [])

    def _page(self, request: Request, **named: list[dict[str, Any]]) -> Response:
        """The part of a list that was asked for, under its name."""
        [(name, items)] = named.items()
        size = int(self.switch_board.amount("small_pages") or min(request.args.get("page_size", 30, type=int), 300))
        first = _page_start(request.args.get("next_page_token", ""))
        following = first + size if first + size < len(items) else None
        token = "" if following is None else base64.urlsafe_b64encode(f"{following}".encode()).decode()
        body = {"page_size": size, "total_records": len(items), "next_page_token": token}
        return answer({**body, name: items[first : first + size]})

    def _may_call(self, host: str) -> bool:
        return self.host_calls.count(host, limit=self.switch_board.amount("hundred_a_day"))

    def _of_kind(self, request: Request, *, host: str) -> list[dict[str, Any]]:
        """A lagging list knows only what is old enough; `created_at` has whole seconds, so the lag may be one more."""
        known_until = utc_text(_now() - timedelta(seconds=self.switch_board.amount("lagging_lists") or 0))
        return [
            meeting
            for meeting in self.book.of_host(host, kind=request.args.get("type", "scheduled"), now=_now())
            if self.switch_board.amount("lagging_lists") is None or meeting["created_at"] < known_until
        ]

    def _told(self, meeting_id: str, request: Request) -> dict[str, Any]:
        meeting = self.book.get(meeting_id) or {}
        with self._lock:
            key = self._host_keys.setdefault(meeting_id, secrets.token_urlsafe(24))
        return {**meeting, "start_url": f"{self.base(request)}/s/{meeting_id}?zak={key}"}

    def _spoil(self, meeting_id: str, *, fault: str) -> None:
        meeting = self.book.get(meeting_id) or {}
        if self.switch_board.amount("slashed_uuids"):
            self.book.overwrite(meeting_id, uuid=f"/{meeting['uuid'][:10]}//{meeting['uuid'][13:]}")
        match fault:
            case "start_is_now":
                self.book.overwrite(meeting_id, start_time=utc_text(_now()))
            case "no_passcode":
                self.book.overwrite(meeting_id, password="", encrypted_password="")
            case "settings_locked":
                locked = {**meeting["settings"], "auto_recording": "cloud", "waiting_room": False}
                self.book.overwrite(meeting_id, settings=locked)
            case "wrong_link":
                self.book.overwrite(meeting_id, join_url=f"https://zoom.us.phishing.example/j/{meeting_id}")


def _now() -> datetime:
    return datetime.now(UTC)


def _page_start(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        return 0
