"""The Zoom stand-in behaves like Zoom where Zoom surprises, and can be asked to go wrong."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import requests

from demo.addresses import REPOSITORY
from demo.zoom_stand_in.app import ZoomStandIn
from demo.zoom_stand_in.faults import FAULTS
from demo.zoom_stand_in.meetings import MeetingBook
from demo.zoom_stand_in.server import running

HOST = "host@zoom.example"


class Client:
    """A plain HTTP client with a token, as any integrator would write it."""

    def __init__(self, app: ZoomStandIn, url: str) -> None:
        self.app = app
        self.url = url
        self.token = self.fetch_token().json().get("access_token")

    def fetch_token(self, *, secret: str = "", grant: str = "account_credentials") -> requests.Response:
        known = self.app.credentials
        body = {"grant_type": grant, "account_id": known.account_id}
        auth = (known.client_id, secret or known.client_secret)
        return requests.post(f"{self.url}/oauth/token", data=body, auth=auth, timeout=5)

    def __call__(self, method: str, path: str, body=None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=5)

    def create(self, **body) -> requests.Response:
        return self("POST", f"/v2/users/{HOST}/meetings", {"start_time": "2099-12-01T05:00:00Z", **body})


@pytest.fixture
def client():
    app = ZoomStandIn()
    with running(app) as url:
        yield Client(app, url)


class TestToken:
    def test_right_credentials_get_one_for_an_hour(self, client):
        answer = client.fetch_token().json()
        assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)

    def test_wrong_credentials_are_refused(self, client):
        answer = client.fetch_token(secret="wrong")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")

    def test_another_grant_is_refused(self, client):
        assert client.fetch_token(grant="client_credentials").json()["error"] == "unsupported_grant_type"

    def test_a_call_without_a_token_is_refused(self, client):
        client.token = None
        answer = client("GET", f"/v2/users/{HOST}")
        assert (answer.status_code, answer.json()["code"]) == (401, 124)

    def test_a_missing_scope_is_named(self, client):
        client.app.scopes.discard("meeting:write:meeting:admin")
        answer = client.create()
        assert (answer.status_code, answer.json()["code"]) == (400, 4711)
        assert "meeting:write:meeting:admin" in answer.json()["message"]


class TestMeetings:
    def test_a_start_in_the_past_silently_becomes_now(self, client, freeze):
        moment = freeze("2026-06-01 10:00")
        assert client.create(start_time="2026-05-01T00:00:00Z").json()["start_time"] == "2026-06-01T01:00:00Z"
        assert moment.astimezone(UTC) == datetime(2026, 6, 1, 1, tzinfo=UTC)

    def test_what_is_not_said_falls_back_to_the_host(self, client):
        assert client.create().json()["settings"]["use_pmi"] is True

    def test_a_meeting_is_made_twice_when_it_is_asked_for_twice(self, client):
        assert client.create(agenda="ref:1").json()["id"] != client.create(agenda="ref:1").json()["id"]

    def test_an_eleven_digit_number_is_given(self, client):
        assert len(str(client.create().json()["id"])) == 11

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("duration", 0),
            ("duration", 1441),
            ("start_time", "tomorrow"),
            ("topic", "x" * 201),
            ("password", "12345678901"),
        ],
    )
    def test_a_wrong_value_is_named(self, client, field, value):
        answer = client.create(**{field: value})
        assert (answer.status_code, answer.json()["code"]) == (400, 300)
        assert answer.json()["errors"][0]["field"] == field

    def test_the_list_comes_in_pages_and_without_passcodes(self, client):
        for number in range(3):
            client.create(agenda=f"ref:{number}")
        first = client("GET", f"/v2/users/{HOST}/meetings?page_size=2").json()
        token = first["next_page_token"]
        second = client("GET", f"/v2/users/{HOST}/meetings?page_size=2&next_page_token={token}").json()
        assert [len(page["meetings"]) for page in (first, second)] == [2, 1]
        assert second["next_page_token"] == ""
        assert "password" not in first["meetings"][0]

    def test_a_deleted_meeting_is_gone(self, client):
        path = f"/v2/meetings/{client.create().json()['id']}"
        assert client("DELETE", path).status_code == 204
        answers = [client(method, path) for method in ("GET", "DELETE")]
        answers.append(client("PATCH", path, {"duration": 45}))
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, 3001)] * 3

    def test_a_change_answers_nothing_and_is_read_afterwards(self, client):
        path = f"/v2/meetings/{client.create().json()['id']}"
        answer = client("PATCH", path, {"duration": 45})
        assert (answer.status_code, answer.content) == (204, b"")
        assert client("GET", path).json()["duration"] == 45

    def test_a_change_of_time_keeps_number_link_and_passcode(self, client):
        made = client.create(topic="相談").json()
        path = f"/v2/meetings/{made['id']}"
        client("PATCH", path, {"start_time": "2099-12-02T05:00:00Z", "duration": 45, "timezone": "Asia/Tokyo"})
        read = client("GET", path).json()
        assert (read["start_time"], read["duration"]) == ("2099-12-02T05:00:00Z", 45)
        kept = ("id", "uuid", "join_url", "password", "topic", "settings")
        assert [read[key] for key in kept] == [made[key] for key in kept]

    def test_a_change_to_the_past_is_passed_over_without_a_word(self, client):
        made = client.create().json()
        path = f"/v2/meetings/{made['id']}"
        assert client("PATCH", path, {"start_time": "2020-01-01T00:00:00Z"}).status_code == 204
        assert client("GET", path).json()["start_time"] == made["start_time"]

    def test_a_wrong_change_is_named(self, client):
        path = f"/v2/meetings/{client.create().json()['id']}"
        answer = client("PATCH", path, {"duration": 0})
        assert (answer.status_code, answer.json()["code"]) == (400, 300)
        assert answer.json()["errors"][0]["field"] == "duration"

    def test_an_unknown_host_is_named(self, client):
        answer = client("GET", "/v2/users/nobody@zoom.example")
        assert (answer.status_code, answer.json()["code"]) == (404, 1001)


class TestPages:
    def test_the_root_lists_the_meetings_with_the_links_that_open_them(self, client):
        meeting = client.create(topic="相談<1>").json()
        answer = requests.get(f"{client.url}/", timeout=5)
        assert answer.status_code == 200
        assert f'<a href="{meeting["join_url"]}">相談&lt;1&gt;</a>' in answer.text

    def test_without_a_meeting_the_root_says_when_there_will_be_one(self, client):
        assert "ミーティングはまだありません" in requests.get(f"{client.url}/", timeout=5).text

    def test_the_join_link_opens_a_room_that_says_what_it_is(self, client):
        answer = requests.get(client.create(topic="相談").json()["join_url"], timeout=5)
        assert answer.status_code == 200
        assert "Zoom の代わり" in answer.text

    def test_without_its_passcode_the_link_opens_nothing(self, client):
        link = client.create().json()["join_url"].partition("?")[0]
        assert requests.get(link, timeout=5).status_code == 403

    def test_after_deletion_the_link_says_so(self, client):
        meeting = client.create().json()
        client("DELETE", f"/v2/meetings/{meeting['id']}")
        answer = requests.get(meeting["join_url"], timeout=5)
        assert answer.status_code == 404
        assert "ミーティングが見つかりません" in answer.text

    def test_the_host_link_starts_the_meeting(self, client):
        meeting = client.create().json()
        requests.get(meeting["start_url"], timeout=5)
        assert client("GET", f"/v2/meetings/{meeting['id']}").json()["status"] == "started"

    def test_what_was_typed_is_shown_as_text(self, client):
        link = client.create(topic="<script>alert(1)</script>").json()["join_url"]
        assert "<script>" not in requests.get(link, timeout=5).text


class TestFaults:
    def test_a_fault_is_asked_for_over_http_and_used_up(self, client):
        requests.post(f"{client.url}/_faults", json={"fault": "per_second"}, timeout=5)
        assert [client.create().status_code for _attempt in range(2)] == [429, 201]

    def test_a_fault_waits_for_the_call_it_is_meant_for(self, client):
        requests.post(f"{client.url}/_faults", json={"fault": "server_error", "on": "^DELETE"}, timeout=5)
        assert client.create().status_code == 201
        assert client("DELETE", "/v2/meetings/1").status_code == 500

    def test_an_unknown_fault_is_refused(self, client):
        assert requests.post(f"{client.url}/_faults", json={"fault": "nonsense"}, timeout=5).status_code == 400

    def test_a_change_can_be_passed_over(self, client):
        path = f"/v2/meetings/{client.create(duration=30).json()['id']}"
        requests.post(f"{client.url}/_faults", json={"fault": "change_ignored"}, timeout=5)
        assert client("PATCH", path, {"duration": 45}).status_code == 204
        assert client("GET", path).json()["duration"] == 30

    def test_a_lost_answer_leaves_the_meeting_behind(self, client):
        requests.post(f"{client.url}/_faults", json={"fault": "answer_lost"}, timeout=5)
        with pytest.raises(requests.ConnectionError):
            client.create()
        state = requests.get(f"{client.url}/_state", timeout=5).json()
        assert len(state["meetings"]) == 1

    def test_an_expired_token_is_void_for_good(self, client):
        requests.post(f"{client.url}/_faults", json={"fault": "token_expired"}, timeout=5)
        assert [client.create().status_code for _attempt in range(2)] == [401, 401]

    @pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"answer_lost", "dropped", "slow"}))
    def test_every_fault_answers(self, client, fault):
        requests.post(f"{client.url}/_faults", json={"fault": fault}, timeout=5)
        assert client.create().status_code < 600

    def test_a_fault_without_an_end_lasts_until_it_is_cleared(self, client):
        requests.post(f"{client.url}/_faults", json={"fault": "per_second", "times": None}, timeout=5)
        hit = [client.create().status_code for _attempt in range(3)]
        requests.delete(f"{client.url}/_faults", timeout=5)
        assert (hit, client.create().status_code) == ([429] * 3, 201)

    def test_a_fault_lasts_as_long_as_it_was_asked_for(self, client):
        requests.post(f"{client.url}/_faults", json={"fault": "per_second", "times": None, "lasts": 0.0}, timeout=5)
        assert client.create().status_code == 201

    def test_a_fault_hits_as_often_as_its_dice_say(self, client):
        never = {"fault": "per_second", "times": None, "probability": 0.0}
        requests.post(f"{client.url}/_faults", json=never, timeout=5)
        assert client.create().status_code == 201

    def test_what_hit_is_counted(self, client):
        requests.post(f"{client.url}/_faults", json={"fault": "per_second"}, timeout=5)
        client.create()
        assert requests.get(f"{client.url}/_state", timeout=5).json()["hits"] == {"per_second": 1}

    def test_the_accounts_day_may_end_soon(self, client):
        requests.post(f"{client.url}/_faults", json={"fault": "daily", "seconds": 90}, timeout=5)
        ends_at = datetime.strptime(client.create().headers["Retry-After"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert 60 < (ends_at - datetime.now(UTC)).total_seconds() <= 90

    @pytest.mark.parametrize("fault", ["per_second_bare", "daily_bare", "host_daily_bare"])
    def test_a_bare_429_says_nothing_but_its_message(self, client, fault):
        requests.post(f"{client.url}/_faults", json={"fault": fault}, timeout=5)
        headers = client.create().headers
        told = {name for name in headers if name.lower().startswith("x-ratelimit")}
        assert told == {"X-RateLimit-Category"}
        assert "Retry-After" not in headers

    def test_a_start_can_become_now(self, client, freeze):
        freeze("2026-06-01 10:00")
        requests.post(f"{client.url}/_faults", json={"fault": "start_is_now"}, timeout=5)
        assert client.create().json()["start_time"] == "2026-06-01T01:00:00Z"

    def test_somebody_can_delete_the_meeting_behind_the_portals_back(self, client):
        path = f"/v2/meetings/{client.create().json()['id']}"
        requests.post(f"{client.url}/_faults", json={"fault": "meeting_deleted", "on": "^PATCH"}, timeout=5)
        assert client("PATCH", path, {"duration": 45}).json()["code"] == 3001
        assert client("GET", path).json()["code"] == 3001

    def test_a_meeting_that_was_started_has_to_be_ended_before_it_is_deleted(self, client):
        path = f"/v2/meetings/{client.create().json()['id']}"
        requests.post(f"{client.url}/_faults", json={"fault": "meeting_started", "on": "^DELETE"}, timeout=5)
        assert client("DELETE", path).json()["code"] == 3002
        assert client("PUT", f"{path}/status", {"action": "end"}).status_code == 204
        assert client("DELETE", path).status_code == 204


class TestSwitches:
    def turn(self, client, switch, **how) -> int:
        return requests.post(f"{client.url}/_switches", json={"switch": switch, **how}, timeout=5).status_code

    def test_an_unknown_switch_is_refused(self, client):
        assert self.turn(client, "nonsense") == 400

    def test_all_can_be_switched_off(self, client):
        self.turn(client, "basic_hosts")
        requests.delete(f"{client.url}/_switches", timeout=5)
        assert requests.get(f"{client.url}/_switches", timeout=5).json() == {"switches": {}}

    @pytest.mark.parametrize(("on", "expected"), [(True, 401), (False, 201)])
    def test_a_new_token_voids_the_older_ones(self, client, on, expected):
        self.turn(client, "only_newest_token", on=on)
        client.fetch_token()
        assert client.create().status_code == expected

    def test_create_and_change_count_to_the_hosts_hundred_but_nothing_else(self, client):
        self.turn(client, "hundred_a_day", amount=2)
        path = f"/v2/meetings/{client.create().json()['id']}"
        assert client("PATCH", path, {"duration": 45}).status_code == 204
        refused = [client.create(), client("PATCH", path, {"duration": 60})]
        assert [answer.status_code for answer in refused] == [429, 429]
        assert "daily rate limit (100)" in refused[0].json()["message"]
        assert [client(method, path).status_code for method in ("GET", "DELETE")] == [200, 204]
        assert requests.get(f"{client.url}/_state", timeout=5).json()["host_calls"] == {HOST: 2}

    def test_the_hundred_begin_anew_at_midnight_of_utc(self, client, freeze):
        freeze("2026-06-02 08:59")
        client.token = client.fetch_token().json()["access_token"]
        self.turn(client, "hundred_a_day", amount=1)
        first = [client.create().status_code for _attempt in range(2)]
        freeze("2026-06-02 09:00")
        assert (first, client.create().status_code) == ([201, 429], 201)

    def test_each_host_has_its_own_hundred(self, client):
        self.turn(client, "hundred_a_day", amount=1)
        client.create()
        body = {"start_time": "2099-12-01T05:00:00Z"}
        assert client("POST", "/v2/users/other@zoom.example/meetings", body).status_code == 201

    def test_a_list_can_lag_behind(self, client, freeze):
        freeze("2026-06-01 10:00:00")
        self.turn(client, "lagging_lists", amount=5)
        client.token = client.fetch_token().json()["access_token"]
        meeting = client.create().json()
        assert client("GET", f"/v2/users/{HOST}/meetings").json()["meetings"] == []
        assert client("GET", f"/v2/meetings/{meeting['id']}").status_code == 200
        freeze("2026-06-01 10:00:06")
        assert len(client("GET", f"/v2/users/{HOST}/meetings").json()["meetings"]) == 1

    def test_pages_can_be_small(self, client):
        for _number in range(3):
            client.create()
        self.turn(client, "small_pages", amount=2)
        page = client("GET", f"/v2/users/{HOST}/meetings?page_size=300").json()
        assert (len(page["meetings"]), page["page_size"], bool(page["next_page_token"])) == (2, 2, True)

    def test_without_a_licence_nobody_is_told_who_was_there(self, client):
        meeting_id = client.create().json()["id"]
        self.turn(client, "basic_hosts")
        answer = client("GET", f"/v2/past_meetings/{meeting_id}/participants")
        assert (answer.status_code, answer.json()["code"]) == (400, 200)
        assert client("GET", f"/v2/users/{HOST}").json()["type"] == 1

    def test_uuids_can_be_hard_to_put_into_a_path(self, client):
        self.turn(client, "slashed_uuids")
        uuid = client.create().json()["uuid"]
        assert (uuid[0], "//" in uuid, len(uuid)) == ("/", True, 24)


class TestRestart:
    def test_meetings_survive(self, tmp_path):
        path = tmp_path / "zoom.jsonl"
        now = datetime.now(UTC)
        book = MeetingBook(path)
        kept, deleted = (book.create(HOST, {}, base_url="http://x", now=now) for _number in range(2))
        book.delete(str(deleted["id"]))
        assert MeetingBook(path).all() == [kept]

    def test_a_line_cut_short_by_a_crash_is_passed_over(self, tmp_path):
        path = tmp_path / "zoom.jsonl"
        kept = MeetingBook(path).create(HOST, {}, base_url="http://x", now=datetime.now(UTC))
        with path.open("a") as lines:
            lines.write('{"id": "1", "mee')
        assert MeetingBook(path).all() == [kept]

    def test_the_command_serves_until_it_is_told_to_stop(self, tmp_path):
        with running(ZoomStandIn()) as url:
            free_after = int(url.rpartition(":")[2])
        with command(free_after, tmp_path / "zoom.jsonl") as process:
            assert process.stdout.readline().startswith("Zoom stand-in: http://127.0.0.1:")
            assert requests.get(f"http://127.0.0.1:{free_after}/_state", timeout=5).json()["meetings"] == []
            process.terminate()
            assert process.wait(5) == 0

    def test_a_port_that_is_taken_is_one_clear_line(self, client, tmp_path):
        with command(int(client.url.rpartition(":")[2]), tmp_path / "zoom.jsonl") as process:
            assert process.wait(10) == 1
            assert "is taken" in process.stdout.read()


@contextmanager
def command(port: int, state_file):
    process = subprocess.Popen(
        [sys.executable, "-m", "demo.zoom_stand_in", "--port", str(port), "--state-file", str(state_file)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
