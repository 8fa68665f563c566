"""The routes of the stand-in: Zoom's API, the pages a browser opens, and the switches for tests (`/_faults`, `/_state`)."""

import base64
import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from demo.zoom_stand_in import pages
from demo.zoom_stand_in.answers import (
    answer,
    error,
    fault_answer,
    html,
    meeting_gone,
    missing_scope,
    no_content,
    token_refused,
    user_unknown,
)
from demo.zoom_stand_in.faults import Fault, FaultQueue, UnknownFaultError
from demo.zoom_stand_in.meetings import InvalidBodyError, MeetingBook, list_item

TOKEN_LASTS = timedelta(hours=1)
PAGES = ("index", "room", "host_door")
URLS = Map(
    [
        Rule("/oauth/token", methods=["POST"], endpoint="token"),
        Rule("/v2/users/<host>", methods=["GET"], endpoint="user"),
        Rule("/v2/users/<host>/meetings", methods=["POST"], endpoint="create"),
        Rule("/v2/users/<host>/meetings", methods=["GET"], endpoint="list_meetings"),
        Rule("/v2/meetings/<meeting_id>", methods=["GET"], endpoint="read"),
        Rule("/v2/meetings/<meeting_id>", methods=["PATCH"], endpoint="change"),
        Rule("/v2/meetings/<meeting_id>", methods=["DELETE"], endpoint="remove"),
        Rule("/v2/meetings/<meeting_id>/status", methods=["PUT"], endpoint="status"),
        Rule("/v2/past_meetings/<meeting_id>/participants", methods=["GET"], endpoint="participants"),
        Rule("/", methods=["GET"], endpoint="index"),
        Rule("/j/<meeting_id>", methods=["GET"], endpoint="room"),
        Rule("/s/<meeting_id>", methods=["GET"], endpoint="host_door"),
        Rule("/_faults", methods=["GET", "POST", "DELETE"], endpoint="faults"),
        Rule("/_state", methods=["GET", "DELETE"], endpoint="state"),
    ],
    redirect_defaults=False,
)
SCOPES = {
    "create": "meeting:write:meeting:admin",
    "list_meetings": "meeting:read:list_meetings:admin",
    "read": "meeting:read:meeting:admin",
    "change": "meeting:update:meeting:admin",
    "remove": "meeting:delete:meeting:admin",
    "status": "meeting:update:status:admin",
    "participants": "meeting:read:list_past_participants:admin",
    "user": "user:read:user:admin",
}


@dataclass(frozen=True, kw_only=True)
class Credentials:
    account_id: str = "stand-in-account"
    client_id: str = "stand-in-client"
    client_secret: str = "stand-in-secret"  # opens nothing but this stand-in


class ZoomStandIn:
    """A WSGI application. `base_url` is how browsers reach it; without one the address of the request is taken."""

    def __init__(
        self,
        *,
        state_file: Path | None = None,
        base_url: str = "",
        credentials: Credentials | None = None,
        scopes: Iterable[str] = SCOPES.values(),
    ) -> None:
        self.book = MeetingBook(state_file)
        self.fault_queue = FaultQueue()
        self.credentials = credentials or Credentials()
        self.scopes = set(scopes)
        self.calls: list[str] = []
        self.base_url = base_url
        self._lock = threading.Lock()
        self._tokens: dict[str, datetime] = {}
        self._host_keys: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        try:
            endpoint, values = URLS.bind_to_environ(environ).match()
        except HTTPException as refusal:
            return html(refusal.code or 404, "Not Found")(environ, start_response)
        call = f"{request.method} {request.path}"
        if endpoint in ("faults", "state"):
            response: Response = getattr(self, endpoint)(request)
        else:
            with self._lock:
                self.calls.append(call)
            response = self._with_faults(request, call=call, endpoint=endpoint, values=values)
        sent: Iterable[bytes] = response(environ, start_response)
        return sent

    def forget_tokens(self) -> None:
        with self._lock:
            self._tokens.clear()

    # --- Faults -----------------------------------------------------------------------------------------------------

    def _with_faults(self, request: Request, *, call: str, endpoint: str, values: Mapping[str, Any]) -> Response:
        fault = self.fault_queue.take(call)
        if fault is None:
            return self._act(request, endpoint=endpoint, values=values)
        if fault.fault == "token_expired":
            self.forget_tokens()
        if fault.fault == "dropped":
            return _drop_connection(request)
        refusal = fault_answer(fault.fault)
        if refusal is not None:
            return refusal
        return self._after(fault, self._act(request, endpoint=endpoint, values=values, fault=fault.fault), request)

    def _after(self, fault: Fault, response: Response, request: Request) -> Response:
        match fault.fault:
            case "answer_lost":
                return _drop_connection(request)
            case "slow":
                time.sleep(fault.seconds)
            case "bad_gateway_after":
                return html(502, "502 Bad Gateway")
            case "not_json":
                return html(response.status_code, "Zoom")
        return response

    # --- Who may call -----------------------------------------------------------------------------------------------

    def _act(self, request: Request, *, endpoint: str, values: Mapping[str, Any], fault: str = "") -> Response:
        if endpoint == "token":
            return self.token(request)
        if endpoint in PAGES:
            return getattr(self, endpoint)(request, **values)  # type: ignore[no-any-return]
        refusal = self._refusal(request, scope=SCOPES[endpoint])
        if refusal is not None:
            return refusal
        if endpoint in ("create", "change"):
            return getattr(self, endpoint)(request, fault=fault, **values)  # type: ignore[no-any-return]
        return getattr(self, endpoint)(request, **values)  # type: ignore[no-any-return]

    def _refusal(self, request: Request, *, scope: str) -> Response | None:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        with self._lock:
            ends_at = self._tokens.get(token)
        if scheme != "Bearer" or ends_at is None:
            return token_refused()
        if ends_at <= datetime.now(UTC):
            return error(401, 124, "Access token is expired.")
        return None if scope in self.scopes else missing_scope(scope)

    def token(self, request: Request) -> Response:
        known = f"{self.credentials.client_id}:{self.credentials.client_secret}"
        expected = "Basic " + base64.b64encode(known.encode()).decode()
        if not secrets.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
            return answer({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 400)
        if request.values.get("grant_type") != "account_credentials":
            return answer({"reason": "unsupported grant type", "error": "unsupported_grant_type"}, 400)
        if request.values.get("account_id") != self.credentials.account_id:
            return answer({"reason": "Bad Request", "error": "invalid_request"}, 400)
        token = secrets.token_urlsafe(40)
        with self._lock:
            self._tokens[token] = datetime.now(UTC) + TOKEN_LASTS
        return answer(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": int(TOKEN_LASTS.total_seconds()),
                "scope": " ".join(sorted(self.scopes)),
                "api_url": self._base(request),
            }
        )

    # --- Zoom's API -------------------------------------------------------------------------------------------------

    def create(self, request: Request, *, host: str, fault: str = "") -> Response:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return error(400, 300, "Request Body should be a valid JSON object.")
        if host.startswith("nobody@"):
            return user_unknown(host)
        try:
            meeting = self.book.create(host, body, base_url=self._base(request), now=_now())
        except InvalidBodyError as invalid:
            return error(400, 300, "Validation Failed.", fields=[(invalid.field, "Invalid field.")])
        self._spoil(str(meeting["id"]), fault=fault)
        return answer(self._told(str(meeting["id"]), request), 201)

    def list_meetings(self, request: Request, *, host: str) -> Response:
        if host.startswith("nobody@"):
            return user_unknown(host)
        size = min(request.args.get("page_size", 30, type=int), 300)
        meetings = self.book.of_host(host, kind=request.args.get("type", "scheduled"), now=_now())
        first = _page_start(request.args.get("next_page_token", ""))
        following = first + size if first + size < len(meetings) else None
        body = {
            "page_size": size,
            "total_records": len(meetings),
            "next_page_token": "" if following is None else base64.urlsafe_b64encode(f"{following}".encode()).decode(),
            "meetings": [list_item(meeting) for meeting in meetings[first : first + size]],
        }
        return answer(body)

    def read(self, request: Request, *, meeting_id: str) -> Response:
        return (
            meeting_gone(meeting_id) if self.book.get(meeting_id) is None else answer(self._told(meeting_id, request))
        )

    def change(self, request: Request, *, meeting_id: str, fault: str = "") -> Response:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return error(400, 300, "Request Body should be a valid JSON object.")
        if fault == "change_ignored":
            return no_content()
        try:
            known = self.book.change(meeting_id, body, now=_now())
        except InvalidBodyError as invalid:
            return error(400, 300, "Validation Failed.", fields=[(invalid.field, "Invalid field.")])
        return no_content() if known else meeting_gone(meeting_id)

    def remove(self, request: Request, *, meeting_id: str) -> Response:
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
        return answer({"id": user_id, "email": host, "type": 2, "status": "active", "timezone": "Asia/Tokyo", **names})

    def participants(self, request: Request, *, meeting_id: str) -> Response:
        if self.book.get(meeting_id) is None:
            return meeting_gone(meeting_id)
        return answer({"page_count": 1, "page_size": 30, "total_records": 0, "next_page_token": "", "participants": []})

    def _told(self, meeting_id: str, request: Request) -> dict[str, Any]:
        meeting = self.book.get(meeting_id) or {}
        with self._lock:
            key = self._host_keys.setdefault(meeting_id, secrets.token_urlsafe(24))
        return {**meeting, "start_url": f"{self._base(request)}/s/{meeting_id}?zak={key}"}

    def _spoil(self, meeting_id: str, *, fault: str) -> None:
        meeting = self.book.get(meeting_id) or {}
        match fault:
            case "no_passcode":
                self.book.overwrite(meeting_id, password="", encrypted_password="")
            case "settings_locked":
                locked = {**meeting["settings"], "auto_recording": "cloud", "waiting_room": False}
                self.book.overwrite(meeting_id, settings=locked)
            case "wrong_link":
                self.book.overwrite(meeting_id, join_url=f"https://zoom.us.phishing.example/j/{meeting_id}")

    # --- Pages ------------------------------------------------------------------------------------------------------

    def index(self, request: Request) -> Response:
        return pages.index(self.book.all())

    def room(self, request: Request, *, meeting_id: str) -> Response:
        meeting = self.book.get(meeting_id)
        if meeting is None:
            return pages.no_room()
        if request.args.get("pwd", "") != meeting["encrypted_password"]:
            return pages.wrong_passcode()
        return pages.room(meeting, as_host=False)

    def host_door(self, request: Request, *, meeting_id: str) -> Response:
        meeting = self.book.get(meeting_id)
        if meeting is None or request.args.get("zak") != self._host_keys.get(meeting_id):
            return pages.no_room()
        self.book.overwrite(meeting_id, status="started")
        return pages.room(meeting, as_host=True)

    # --- Switches ---------------------------------------------------------------------------------------------------

    def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.fault_queue.clear()
        if request.method == "POST":
            try:
                self.fault_queue.add(Fault(**(request.get_json(silent=True) or {})))
            except (UnknownFaultError, TypeError) as problem:
                return answer({"message": f"unknown fault: {problem}"}, 400)
        return answer({"faults": self.fault_queue.listed()})

    def state(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.book.clear()
        with self._lock:
            calls, tokens = list(self.calls[-1000:]), len(self._tokens)
        return answer({"meetings": self.book.all(), "calls": calls, "tokens": tokens})

    def _base(self, request: Request) -> str:
        return self.base_url or request.host_url.rstrip("/")


def _now() -> datetime:
    return datetime.now(UTC)


def _page_start(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        return 0


def _drop_connection(request: Request) -> Response:
    """Close the socket below the server, as a network that breaks would."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
