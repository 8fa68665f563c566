"""The Zoom stand-in inside the harness: it knows who calls, and kills the caller at the points before and after POST."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request

from chaos.facts import ZoomMeeting
from chaos.fleet import Fleet
from chaos.points import Armed, Point
from demo.zoom_stand_in.app import ZoomStandIn, drop_connection

REF = "ref:"


class DeadlyZoom:
    """A WSGI application around the stand-in. `port` is known once it listens."""

    def __init__(self, app: ZoomStandIn, *, fleet: Fleet, armed: Armed) -> None:
        self.app = app
        self.port = 0
        self._fleet = fleet
        self._armed = armed

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        is_create = request.method == "POST" and request.path.endswith("/meetings")
        if is_create and self._kills(environ, Point.BEFORE_POST):
            return drop_connection(request)(environ, start_response)
        answered = self.app(environ, start_response)
        if is_create and self._kills(environ, Point.AFTER_POST):
            drop_connection(request)
        return answered

    def meetings(self) -> tuple[ZoomMeeting, ...]:
        return tuple(
            ZoomMeeting(
                meeting_id=str(meeting["id"]),
                ref=meeting["agenda"].removeprefix(REF)[:16],
                host=meeting["host_email"],
                starts_at=datetime.strptime(meeting["start_time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
                minutes=meeting["duration"],
            )
            for meeting in self.app.book.all()
        )

    def _kills(self, environ: dict[str, Any], point: Point) -> bool:
        if not self._armed.take(point):
            return False
        if self._fleet.kill_peer(peer_port=int(environ["REMOTE_PORT"]), port=self.port, why=point):
            self._armed.hit(point)
            return True
        self._armed.give_back(point)
        return False
