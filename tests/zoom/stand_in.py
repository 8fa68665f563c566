"""The Zoom stand-in as tests hold it: the application, its address, and short ways to ask it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from demo.zoom_stand_in.app import ZoomStandIn
from demo.zoom_stand_in.faults import Fault
from demo.zoom_stand_in.server import running

CREATE = "^POST /v2/users/.*/meetings$"
CHANGE = "^PATCH /v2/meetings/"


@dataclass
class RunningStandIn:
    app: ZoomStandIn
    url: str

    @property
    def meetings(self) -> list[dict[str, Any]]:
        return self.app.book.all()

    def goes_wrong(self, fault: str, *, on: str = "", times: int = 1, seconds: float = 0) -> None:
        self.app.fault_queue.add(Fault(fault, times=times, on=on, seconds=seconds))

    def calls(self, method: str, path: str = "") -> int:
        return sum(call.startswith(f"{method} ") and path in call for call in self.app.calls)


def point_zoom_at(url: str, *, settings: Any, app: ZoomStandIn) -> None:
    settings.ZOOM_API_URL = f"{url}/v2"
    settings.ZOOM_OAUTH_URL = f"{url}/oauth/token"
    settings.ZOOM_ACCOUNT_ID = app.credentials.account_id
    settings.ZOOM_CLIENT_ID = app.credentials.client_id
    settings.ZOOM_CLIENT_SECRET = app.credentials.client_secret
    settings.ZOOM_JOIN_HOSTS = ["127.0.0.1"]
    settings.DEMO = True


def serving(app: Callable[..., Any]) -> AbstractContextManager[str]:
    return running(app)
