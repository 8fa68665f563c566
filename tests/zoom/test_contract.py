"""What we send and what the stand-in answers, held against Zoom's own OpenAPI document.

The document is Zoom's and is not part of this repository: ZOOM_CONTRACT_DIR names the folder it lies in.
"""

import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import BytesIO
from urllib.parse import quote

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

from booking.meetings.errors import ConfigurationAlarm, MeetingError
from booking.meetings.zoom.provider import ZoomProvider, create_body, time_body
from booking.meetings.zoom.token import TokenSource
from demo.zoom_stand_in.app import ZoomStandIn
from demo.zoom_stand_in.switches import SWITCHES
from tests.zoom.document import ZOOM_DOCUMENT
from tests.zoom.stand_in import CHANGE, CREATE, RunningStandIn, point_zoom_at, serving

if not ZOOM_DOCUMENT.is_file():
    pytest.skip("Zoom's contract files are absent (ZOOM_CONTRACT_DIR)", allow_module_level=True)

REFUSALS = {
    "per_second",
    "per_second_bare",
    "daily",
    "daily_bare",
    "host_daily",
    "host_daily_bare",
    "too_many_at_once",
    "token_expired",
    "missing_scope",
    "not_licensed",
    "not_paid",
    "user_unknown",
    "meeting_gone",
    "meeting_deleted",
    "invalid",
    "forbidden",
}


class Watched:
    """The stand-in behind a watcher that holds every request and every answer against the document."""

    def __init__(self, app: ZoomStandIn) -> None:
        self.app = app
        self.violations: list[str] = []
        self.checked: list[str] = []
        self._api: OpenAPI | None = None

    def listen_at(self, url: str) -> None:
        document = json.loads(ZOOM_DOCUMENT.read_text(encoding="utf-8"))
        self._api = OpenAPI.from_dict({**document, "servers": [{"url": url}]})

    def __call__(self, environ, start_response):
        body = Request(environ).get_data()

        def again() -> dict:
            return {**environ, "wsgi.input": BytesIO(body)}

        chunks, status, headers = run_wsgi_app(self.app, again())
        response = Response(b"".join(chunks), status, headers)
        self._hold_against_the_document(Request(again()), response)
        return response(environ, start_response)

    def _hold_against_the_document(self, request: Request, response: Response) -> None:
        call = f"{request.method} {request.path} {response.status_code}"
        asked, answered = WerkzeugOpenAPIRequest(request), WerkzeugOpenAPIResponse(response)
        for check in (lambda: self._api.validate_request(asked), lambda: self._api.validate_response(asked, answered)):
            try:
                check()
            except OpenAPIError as violation:
                self.violations.append(f"{call}: {violation!r} {violation.__cause__!r}"[:2000])
        self.checked.append(call)


@pytest.fixture
def watched(settings):
    app = Watched(ZoomStandIn())
    with serving(app) as url:
        app.listen_at(url)
        point_zoom_at(url, settings=settings, app=app.app)
        yield app


@pytest.fixture
def watched_zoom(watched, settings) -> ZoomProvider:
    return ZoomProvider.from_settings(timeout=settings.ZOOM_TIMEOUT)


def test_a_meeting_from_its_creation_to_its_end(watched, watched_zoom, request_for_tuesday, now):
    created = watched_zoom.create(request_for_tuesday, now=now)
    assert watched_zoom.find_by_ref(request_for_tuesday.host, ref=request_for_tuesday.ref) == (created.meeting_id,)
    assert watched_zoom.read(created.meeting_id) == created
    watched_zoom.host_url(created.meeting_id)
    later = replace(request_for_tuesday, starts_at=request_for_tuesday.starts_at + timedelta(days=1), minutes=45)
    watched_zoom.change(created.meeting_id, later, now=now)
    watched.app.book.overwrite(created.meeting_id, status="started")
    watched_zoom.cancel(created.meeting_id)
    watched_zoom.cancel(created.meeting_id)
    assert watched.violations == []
    assert len(watched.checked) == 11


@pytest.mark.parametrize("uuid", ["Vg8IdgluR5WDeWIkpJlElQ==", "/ajXp112Qm//oKj4854875=="])
def test_who_was_in_a_meeting_page_by_page(watched, watched_zoom, request_for_tuesday, now, uuid):
    created = watched_zoom.create(request_for_tuesday, now=now)
    watched.app.switch_board.set("small_pages", amount=1)
    person = {"name": "x", "user_email": "", "status": "in_meeting", "join_time": "2026-06-02T05:00:00Z"}
    rows = [{**person, "id": "abc", "user_id": "1"}, {**person, "id": "", "user_id": "2"}]
    watched.app.zoom.attendance.hold(
        created.meeting_id, uuid=uuid, start_time="2026-06-02T05:00:00Z", participants=rows
    )
    stays = watched_zoom.attendance(created.meeting_id, host=request_for_tuesday.host)
    assert [stay.participant for stay in stays] == ["1", "2"]
    watched_zoom.status(created.meeting_id)
    assert watched.violations == []
    asked = [call.split(" ")[1] for call in watched.checked]
    assert sum(path.endswith("/participants") for path in asked) == 2
    assert sum(path.startswith("/v2/users/") for path in asked) == 2, "the creation, and the id of the host"


@pytest.mark.parametrize("fault", sorted(REFUSALS))
def test_every_refusal_has_the_form_of_zooms(watched, watched_zoom, request_for_tuesday, now, fault):
    RunningStandIn(app=watched.app, url="").goes_wrong(fault, on=CREATE)
    with contextlib.suppress(MeetingError):
        watched_zoom.create(request_for_tuesday, now=now)
    assert watched.violations == []


@pytest.mark.parametrize("fault", sorted(REFUSALS))
def test_every_refusal_of_a_change_has_the_form_of_zooms(watched, watched_zoom, request_for_tuesday, now, fault):
    created = watched_zoom.create(request_for_tuesday, now=now)
    RunningStandIn(app=watched.app, url="").goes_wrong(fault, on=CHANGE)
    with contextlib.suppress(MeetingError):
        watched_zoom.change(created.meeting_id, request_for_tuesday, now=now)
    assert watched.violations == []


@pytest.mark.parametrize(
    "fault", ["no_passcode", "settings_locked", "wrong_link", "start_is_now", "change_ignored", "meeting_started"]
)
def test_what_goes_wrong_without_a_word_keeps_the_form_of_zooms(watched, watched_zoom, request_for_tuesday, now, fault):
    RunningStandIn(app=watched.app, url="").goes_wrong(fault, on=CHANGE if fault.startswith(("ch", "me")) else CREATE)
    with contextlib.suppress(MeetingError):
        created = watched_zoom.create(request_for_tuesday, now=now)
        watched_zoom.change(created.meeting_id, request_for_tuesday, now=now)
    assert watched.violations == []


@pytest.mark.parametrize("switch", sorted(SWITCHES))
def test_however_zoom_is_its_answers_keep_their_form(watched, settings, request_for_tuesday, now, switch):
    watched.app.switch_board.set(switch)
    token = TokenSource.from_settings(timeout=settings.ZOOM_TIMEOUT).current()
    ask = partial(requests.request, headers={"Authorization": f"Bearer {token}"}, timeout=5)
    url, host = settings.ZOOM_API_URL, quote(request_for_tuesday.host)
    meetings = f"{url}/users/{host}/meetings"
    made = [ask("POST", meetings, json=create_body(request_for_tuesday)).json() for _meeting in range(2)]
    ask("GET", f"{meetings}?page_size=300&type=scheduled")
    ask("GET", f"{url}/users/{host}")
    ask("GET", f"{url}/past_meetings/{made[0]['id']}/participants")
    assert watched.violations == []


def test_a_running_meeting_that_is_to_be_deleted_is_refused_in_the_form_of_zooms(
    watched, watched_zoom, request_for_tuesday, now
):
    created = watched_zoom.create(request_for_tuesday, now=now)
    RunningStandIn(app=watched.app, url="").goes_wrong("meeting_started", on="^DELETE")
    with contextlib.suppress(MeetingError):
        watched_zoom.cancel(created.meeting_id)
    assert watched.violations == []
    assert len(watched.app.book.all()) == 1


def test_wrong_credentials_are_refused_in_the_form_of_zooms(watched, settings, request_for_tuesday, now):
    settings.ZOOM_CLIENT_SECRET = "wrong"
    zoom = ZoomProvider.from_settings(timeout=settings.ZOOM_TIMEOUT)
    with pytest.raises(ConfigurationAlarm):
        zoom.create(request_for_tuesday, now=now)
    assert watched.violations == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", "/v2/users/host%40zoom.example", None, id="a user"),
        pytest.param("GET", "/v2/past_meetings/{id}/participants", None, id="who was there"),
        pytest.param("GET", "/v2/users/host%40zoom.example/meetings?page_size=1&type=upcoming", None, id="a page"),
    ],
)
def test_what_the_portal_does_not_ask_yet_is_answered_in_form(
    watched, watched_zoom, settings, request_for_tuesday, now, method, path, body
):
    created = watched_zoom.create(request_for_tuesday, now=now)
    token = TokenSource.from_settings(timeout=settings.ZOOM_TIMEOUT).current()
    url = settings.ZOOM_API_URL.removesuffix("/v2") + path.format(id=created.meeting_id)
    answer = requests.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert answer.ok
    assert watched.violations == []


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param({"duration": 0}, id="no length"),
        pytest.param({"start_time": "2026-06-02T14:00:00"}, id="local time"),
        pytest.param({"user_id": "host@zoom.example"}, id="what zoomus would leak"),
    ],
)
def test_the_watcher_sees_a_body_that_zoom_does_not_document(
    watched, watched_zoom, request_for_tuesday, now, monkeypatch, spoilt
):
    body = {**create_body(request_for_tuesday), **spoilt}
    monkeypatch.setattr("booking.meetings.zoom.provider.create_body", lambda _request: body)
    with contextlib.suppress(MeetingError):
        watched_zoom.create(request_for_tuesday, now=now)
    assert watched.violations


def test_the_watcher_sees_the_id_that_zoomus_would_leak_into_a_change(
    watched, watched_zoom, request_for_tuesday, now, monkeypatch
):
    created = watched_zoom.create(request_for_tuesday, now=now)
    leaking = {**time_body(request_for_tuesday), "id": created.meeting_id}
    monkeypatch.setattr("booking.meetings.zoom.provider.time_body", lambda _request: leaking)
    with contextlib.suppress(MeetingError):
        watched_zoom.change(created.meeting_id, request_for_tuesday, now=now)
    assert watched.violations
