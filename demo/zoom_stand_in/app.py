"""The routes of the stand-in: Zoom's API, the pages a browser opens, and what tests turn (`/_faults`, `/_switches`, `/_state`)."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from demo.zoom_stand_in import pages
from demo.zoom_stand_in.answers import answer, fault_answer, html, no_content
from demo.zoom_stand_in.calls import ZoomCalls
from demo.zoom_stand_in.faults import Fault, FaultQueue, UnknownFaultError
from demo.zoom_stand_in.meetings import MeetingBook
from demo.zoom_stand_in.switches import SwitchBoard, UnknownSwitchError
from demo.zoom_stand_in.tokens import Credentials, TokenDesk
from demo.zoom_stand_in.webhooks import Door, Postman

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
        Rule("/v2/past_meetings/<meeting_id>/instances", methods=["GET"], endpoint="instances"),
        Rule("/v2/past_meetings/<path:meeting_id>/participants", methods=["GET"], endpoint="participants"),
        Rule("/", methods=["GET"], endpoint="index"),
        Rule("/j/<meeting_id>", methods=["GET"], endpoint="room"),
        Rule("/s/<meeting_id>", methods=["GET"], endpoint="host_door"),
        Rule("/_faults", methods=["GET", "POST", "DELETE"], endpoint="faults"),
        Rule("/_switches", methods=["GET", "POST", "DELETE"], endpoint="switches"),
        Rule("/_end/<meeting_id>", methods=["POST"], endpoint="end"),
        Rule("/_state", methods=["GET", "DELETE"], endpoint="state"),
    ],
    redirect_defaults=False,
    merge_slashes=False,
)
SCOPES = {
    "create": "meeting:write:meeting:admin",
    "list_meetings": "meeting:read:list_meetings:admin",
    "read": "meeting:read:meeting:admin",
    "change": "meeting:update:meeting:admin",
    "remove": "meeting:delete:meeting:admin",
    "status": "meeting:update:status:admin",
    "instances": "meeting:read:list_past_instances:admin",
    "participants": "meeting:read:list_past_participants:admin",
    "user": "user:read:user:admin",
}


class ZoomStandIn:
    """A WSGI application. `base_url` is how browsers reach it; without one the address of the request is taken."""

    def __init__(
        self,
        *,
        state_file: Path | None = None,
        base_url: str = "",
        credentials: Credentials | None = None,
        scopes: Iterable[str] = SCOPES.values(),
        webhook_address: str = "",
        webhook_secret: str = "",
    ) -> None:
        self.book = MeetingBook(state_file)
        self.fault_queue = FaultQueue()
        self.switch_board = SwitchBoard()
        self.tokens = TokenDesk(credentials=credentials or Credentials(), scopes=scopes)
        self.calls: list[str] = []
        self.zoom = ZoomCalls(book=self.book, switch_board=self.switch_board, base_url=base_url)
        self.postman = Postman(address=webhook_address, secret=webhook_secret, switch_board=self.switch_board)
        self.door = Door(postman=self.postman, attendance=self.zoom.attendance)
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        try:
            endpoint, values = URLS.bind_to_environ(environ).match()
        except HTTPException as refusal:
            return html(refusal.code or 404, "Not Found")(environ, start_response)
        call = f"{request.method} {request.path}"
        if endpoint in ("faults", "switches", "state", "end"):
            response: Response = getattr(self, endpoint)(request, **values)
        else:
            with self._lock:
                self.calls.append(call)
            response = self._with_faults(request, call=call, endpoint=endpoint, values=values)
        sent: Iterable[bytes] = response(environ, start_response)
        return sent

    @property
    def credentials(self) -> Credentials:
        return self.tokens.credentials

    @property
    def scopes(self) -> set[str]:
        return self.tokens.scopes

    # --- Faults -----------------------------------------------------------------------------------------------------

    def _with_faults(self, request: Request, *, call: str, endpoint: str, values: Mapping[str, Any]) -> Response:
        fault = self.fault_queue.take(call)
        if fault is None:
            return self._act(request, endpoint=endpoint, values=values)
        if fault.fault == "dropped":
            return drop_connection(request)
        self._before(fault, meeting_id=values.get("meeting_id", ""))
        refusal = fault_answer(fault.fault, seconds=fault.seconds)
        if refusal is not None:
            return refusal
        return self._after(fault, self._act(request, endpoint=endpoint, values=values, fault=fault.fault), request)

    def _before(self, fault: Fault, *, meeting_id: str) -> None:
        """What happens in Zoom's world just before the call is looked at."""
        match fault.fault:
            case "token_expired":
                self.tokens.forget()
            case "meeting_deleted":
                self.book.delete(meeting_id)
            case "meeting_started" if self.book.get(meeting_id) is not None:
                self.book.overwrite(meeting_id, status="started")

    def _after(self, fault: Fault, response: Response, request: Request) -> Response:
        match fault.fault:
            case "answer_lost":
                return drop_connection(request)
            case "slow":
                time.sleep(fault.seconds)
            case "bad_gateway_after":
                return html(502, "502 Bad Gateway")
            case "not_json":
                return html(response.status_code, "Zoom")
        return response

    def _act(self, request: Request, *, endpoint: str, values: Mapping[str, Any], fault: str = "") -> Response:
        if endpoint == "token":
            return self.token(request)
        if endpoint in PAGES:
            return getattr(self, endpoint)(request, **values)  # type: ignore[no-any-return]
        refusal = self.tokens.refusal(request, scope=SCOPES[endpoint])
        if refusal is not None:
            return refusal
        before = self.book.get(values.get("meeting_id", ""))
        more = {"fault": fault} if endpoint in ("create", "change") else {}
        response: Response = getattr(self.zoom, endpoint)(request, **more, **values)
        if before is not None and response.status_code == HTTPStatus.NO_CONTENT:
            self._tell(endpoint, before)
        return response

    def _tell(self, endpoint: str, meeting: dict[str, Any]) -> None:
        """What Zoom sends a webhook for. It does so for what the API did, too."""
        match endpoint:
            case "status":
                self.door.ends(meeting)
            case "change":
                self.door.tells_of_change("meeting.updated", meeting)
            case "remove":
                self.door.tells_of_change("meeting.deleted", meeting)

    def token(self, request: Request) -> Response:
        only_newest = self.switch_board.amount("only_newest_token") is not None
        return self.tokens.give(request, base_url=self.zoom.base(request), only_newest=only_newest)

    # --- Pages ------------------------------------------------------------------------------------------------------

    def index(self, request: Request) -> Response:
        return pages.index(self.book.all())

    def room(self, request: Request, *, meeting_id: str) -> Response:
        meeting = self.book.get(meeting_id)
        if meeting is None:
            return pages.no_room()
        if request.args.get("pwd", "") != meeting["encrypted_password"]:
            return pages.wrong_passcode()
        self.door.guest_enters(meeting)
        return pages.room(meeting, as_host=False)

    def host_door(self, request: Request, *, meeting_id: str) -> Response:
        meeting = self.book.get(meeting_id)
        if meeting is None or not self.zoom.is_host_key(meeting_id, request.args.get("zak")):
            return pages.no_room()
        self.book.overwrite(meeting_id, status="started")
        self.door.host_enters(meeting)
        return pages.room(meeting, as_host=True)

    def end(self, _request: Request, *, meeting_id: str) -> Response:
        """The host presses "End meeting for all"."""
        meeting = self.book.get(meeting_id)
        if meeting is None:
            return pages.no_room()
        self.book.overwrite(meeting_id, status="waiting")
        self.door.ends(meeting)
        return no_content()

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

    def switches(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.switch_board.clear()
        if request.method == "POST":
            try:
                self.switch_board.set(**(request.get_json(silent=True) or {}))
            except (UnknownSwitchError, TypeError) as problem:
                return answer({"message": f"unknown switch: {problem}"}, 400)
        return answer({"switches": self.switch_board.listed()})

    def state(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.book.clear()
        with self._lock:
            calls = list(self.calls[-1000:])
        counted = {
            "tokens": len(self.tokens),
            "host_calls": self.zoom.host_calls.listed(),
            "hits": self.fault_queue.hits,
        }
        return answer({"meetings": self.book.all(), "calls": calls, **counted})


def drop_connection(request: Request) -> Response:
    """Close the socket below the server, as a network that breaks would."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
