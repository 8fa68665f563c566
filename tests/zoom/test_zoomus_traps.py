"""The four traps of zoomus 1.2.1. If one of these fails, the pinned version was replaced: read transport.py again."""

import ast
import importlib.metadata
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests_mock as mocking
from zoomus import ZoomClient, util

from booking.clock import JST
from booking.meetings.zoom.provider import create_body
from booking.meetings.zoom.times import utc_text

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def plain_zoomus(zoom_stand_in) -> ZoomClient:
    credentials = zoom_stand_in.app.credentials
    return ZoomClient(
        credentials.client_id,
        credentials.client_secret,
        credentials.account_id,
        timeout=3,
        base_uri=f"{zoom_stand_in.url}/v2",
        oauth_uri=f"{zoom_stand_in.url}/oauth/token",
    )


def test_the_version_whose_traps_are_closed_is_installed():
    assert importlib.metadata.version("zoomus") == "1.2.1"


def test_only_the_transport_imports_zoomus():
    importers = [
        path.relative_to(REPOSITORY).as_posix()
        for app in ("booking", "hellowork", "accounts", "offices", "mailing", "demo", "terms", "audit")
        for path in (REPOSITORY / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "zoomus")
        or (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "zoomus" for name in node.names))
    ]
    assert set(importers) == {"booking/meetings/zoom/transport.py"}


class TestUtc:
    def test_zoomus_stamps_z_on_japanese_time(self):
        assert util.date_to_str(datetime(2026, 12, 1, 14, tzinfo=JST)) == "2026-12-01T14:00:00Z"

    def test_the_portal_sends_14_00_in_japan_as_5_00_utc(self, zoom, zoom_stand_in, request_for_tuesday, now):
        zoom.create(request_for_tuesday, now=now)
        [meeting] = zoom_stand_in.meetings
        assert meeting["start_time"] == "2026-06-02T05:00:00Z"

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            pytest.param(datetime(2026, 6, 2, 8, 30, tzinfo=JST), "2026-06-01T23:30:00Z", id="previous day in UTC"),
            pytest.param(datetime(2026, 6, 2, 5, 0, tzinfo=UTC), "2026-06-02T05:00:00Z", id="already UTC"),
        ],
    )
    def test_times_are_converted_before_they_are_written(self, moment, text):
        assert utc_text(moment) == text

    def test_a_time_without_a_zone_is_a_bug(self):
        with pytest.raises(ValueError, match="naive"):
            utc_text(datetime(2026, 6, 2, 14))  # noqa: DTZ001


class TestToken:
    def test_zoomus_fetches_a_token_for_every_client(self, plain_zoomus, zoom_stand_in):
        assert zoom_stand_in.calls("POST", "/oauth/token") == 1

    def test_zoomus_goes_on_without_a_token_when_credentials_are_wrong(self, zoom_stand_in):
        client = ZoomClient("x", "y", "z", base_uri="http://x", oauth_uri=f"{zoom_stand_in.url}/oauth/token")
        assert client.config["token"] is None

    def test_the_portal_fetches_none_before_it_is_needed(self, zoom, zoom_stand_in):
        assert zoom_stand_in.app.calls == []


class TestTimeouts:
    def test_zoomus_forgets_the_timeout_it_is_given(self, plain_zoomus):
        assert (plain_zoomus.timeout, plain_zoomus.meeting.timeout) == (3, 15)

    def test_zoomus_asks_for_a_token_without_a_timeout(self):
        with mocking.Mocker() as http:
            http.post("http://x/token", json={"access_token": "t"})
            util.generate_token("http://x/token", "a", "b", "c")
            assert http.last_request.timeout is None

    def test_the_portal_has_one_on_every_request_the_token_included(self, zoom, request_for_tuesday, now, settings):
        with mocking.Mocker() as http:
            http.post(settings.ZOOM_OAUTH_URL, json={"access_token": "t", "expires_in": 3600})
            http.get(mocking.ANY, json={"meetings": []})
            zoom.find_by_ref("host@zoom.example", ref="x")
            assert [sent.timeout for sent in http.request_history] == [1, 1]


class TestSilentErrors:
    def test_zoomus_returns_refusals_as_if_nothing_had_happened(self, plain_zoomus):
        assert plain_zoomus.meeting.get(id=1).status_code == 404


class TestLeakedArguments:
    def test_zoomus_sends_its_own_arguments_on(self, plain_zoomus):
        with mocking.Mocker() as http:
            http.post(mocking.ANY, json={})
            plain_zoomus.meeting.create(user_id="host@zoom.example")
            assert "user_id" in http.last_request.json()

    def test_zoomus_sends_the_id_on_with_a_change_and_its_time_wrong(self, plain_zoomus):
        with mocking.Mocker() as http:
            http.patch(mocking.ANY, status_code=204)
            plain_zoomus.meeting.update(id="92674392836", start_time=datetime(2026, 12, 1, 14, tzinfo=JST))
            assert http.last_request.json() == {"id": "92674392836", "start_time": "2026-12-01T14:00:00Z"}

    def test_the_portal_changes_the_time_and_nothing_else(self, zoom, request_for_tuesday, now, settings):
        with mocking.Mocker() as http:
            http.post(settings.ZOOM_OAUTH_URL, json={"access_token": "t", "expires_in": 3600})
            path = f"{settings.ZOOM_API_URL}/meetings/92674392836"
            changed = http.patch(path, status_code=204)
            http.get(path, json={"id": 92674392836, "join_url": "http://127.0.0.1/j/1", "password": "a1"})
            zoom.change("92674392836", request_for_tuesday, now=now)
            body = {"start_time": "2026-06-02T05:00:00Z", "timezone": "Asia/Tokyo", "duration": 30}
            assert json.loads(changed.last_request.body) == body

    def test_the_portal_sends_what_it_wrote_and_nothing_else(self, zoom, request_for_tuesday, now, settings):
        with mocking.Mocker() as http:
            http.post(settings.ZOOM_OAUTH_URL, json={"access_token": "t", "expires_in": 3600})
            answer = {"id": 92674392836, "join_url": "http://127.0.0.1/j/1", "password": "a1"}
            http.post(f"{settings.ZOOM_API_URL}/users/host%40zoom.example/meetings", json=answer, status_code=201)
            zoom.create(request_for_tuesday, now=now)
            assert json.loads(http.last_request.body) == create_body(request_for_tuesday)
