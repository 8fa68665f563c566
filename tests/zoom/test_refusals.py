"""Zoom's refusals, sorted by what can be done about them (zoom contract C.5, C.6)."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from booking.meetings.errors import (
    ConfigurationAlarm,
    HostUnavailable,
    HostUsedUp,
    InvalidRequest,
    MeetingGone,
    NoAnswer,
    NotInPlan,
    OutcomeUnknown,
    RetryLater,
    WaitUntil,
)
from booking.meetings.zoom.answers import error_of, next_utc_midnight, parse_retry_after
from booking.meetings.zoom.provider import ZoomProvider
from tests.zoom.stand_in import CREATE

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NINE_IN_JAPAN = datetime(2026, 6, 2, 0, 0, tzinfo=UTC)


def refusal(status: int, body: str, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body.encode()
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, 104, ConfigurationAlarm),
        (400, 200, NotInPlan),
        (400, 300, InvalidRequest),
        (400, 1010, HostUnavailable),
        (400, 3000, InvalidRequest),
        (400, 3002, RetryLater),
        (400, 3007, MeetingGone),
        (400, 3161, HostUnavailable),
        (400, 4700, ConfigurationAlarm),
        (400, 4702, ConfigurationAlarm),
        (400, 4704, ConfigurationAlarm),
        (400, 4705, ConfigurationAlarm),
        (400, 4706, ConfigurationAlarm),
        (400, 4711, ConfigurationAlarm),
        (400, 4717, ConfigurationAlarm),
        (400, 4738, ConfigurationAlarm),
        (400, 4741, ConfigurationAlarm),
        (400, 12702, InvalidRequest),
        (400, 99999, InvalidRequest),
        (401, 124, ConfigurationAlarm),
        (403, 2306, ConfigurationAlarm),
        (404, 1001, HostUnavailable),
        (404, 3001, MeetingGone),
        (409, 409, RetryLater),
        (429, 4001, RetryLater),
        (500, 500, NoAnswer),
        (503, 3001, NoAnswer),
        (400, 3001, InvalidRequest),
    ],
)
def test_status_and_code_together_decide(status, code, error):
    response = refusal(status, f'{{"code": {code}, "message": "x"}}')
    assert type(error_of(response, may_have_worked=False, now=NOON)) is error


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_server_error_leaves_the_outcome_of_a_post_open(status):
    html = refusal(status, "<html>")
    assert type(error_of(html, may_have_worked=True, now=NOON)) is OutcomeUnknown
    assert type(error_of(html, may_have_worked=False, now=NOON)) is NoAnswer


def test_html_from_the_edge_does_not_say_that_the_meeting_is_gone():
    assert type(error_of(refusal(404, "<html>"), may_have_worked=False, now=NOON)) is RetryLater


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param("2026-06-02T00:00:00Z", NINE_IN_JAPAN, id="ISO 8601, what Zoom sends"),
        pytest.param("Tue, 02 Jun 2026 00:00:00 GMT", NINE_IN_JAPAN, id="HTTP date"),
        pytest.param("90", datetime(2026, 6, 1, 12, 1, 30, tzinfo=UTC), id="seconds"),
        pytest.param("soon", None, id="anything else"),
        pytest.param("", None, id="absent"),
    ],
)
def test_retry_after_is_understood_in_three_forms(value, moment):
    assert parse_retry_after(value, now=NOON) == moment


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        pytest.param(datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC), NINE_IN_JAPAN, id="one second before"),
        pytest.param(NINE_IN_JAPAN, datetime(2026, 6, 3, tzinfo=UTC), id="at midnight, the next one"),
    ],
)
def test_daily_limits_end_at_midnight_utc(now, midnight):
    assert next_utc_midnight(now) == midnight


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted.", HostUsedUp),
        ("You have exceeded the daily rate limit for this particular user.", HostUsedUp),
        ("You have reached the maximum daily rate limit for this API.", WaitUntil),
        ("You have reached the maximum per-second rate limit for this API. Try again later.", RetryLater),
        ("Too many concurrent requests.", RetryLater),
        ("", RetryLater),
    ],
)
def test_without_headers_the_message_tells_the_limit(message, error):
    refused = error_of(refusal(429, f'{{"code": 429, "message": "{message}"}}'), may_have_worked=True, now=NOON)
    assert type(refused) is error


@pytest.mark.parametrize(
    ("told", "at"),
    [
        pytest.param("2026-06-02T12:00:00Z", NOON + timedelta(days=1), id="a day"),
        pytest.param("2026-06-02T12:00:01Z", NINE_IN_JAPAN, id="one second more than a day: not believed"),
        pytest.param("2099-01-01T00:00:00Z", NINE_IN_JAPAN, id="no row waits for ever"),
    ],
)
def test_a_daily_limit_lasts_no_longer_than_a_day(told, at):
    response = refusal(429, '{"code": 429, "message": "daily rate limit"}', Retry_After=told)
    refused = error_of(response, may_have_worked=False, now=NOON)
    assert isinstance(refused, WaitUntil)
    assert refused.at == at


@pytest.mark.parametrize("fault", ["daily", "daily_bare", "host_daily"])
def test_a_daily_limit_waits_for_nine_in_japan(zoom, zoom_stand_in, request_for_tuesday, now, fault):
    zoom_stand_in.goes_wrong(fault, on=CREATE)
    with pytest.raises(WaitUntil) as refused:
        zoom.create(request_for_tuesday, now=now)
    assert refused.value.at == NINE_IN_JAPAN
    assert zoom_stand_in.meetings == []


@pytest.mark.parametrize("fault", ["per_second", "too_many_at_once"])
def test_a_limit_per_second_is_tried_again_soon(zoom, zoom_stand_in, request_for_tuesday, now, fault):
    zoom_stand_in.goes_wrong(fault, on=CREATE)
    with pytest.raises(RetryLater):
        zoom.create(request_for_tuesday, now=now)


@pytest.mark.parametrize("fault", ["answer_lost", "bad_gateway_after", "not_json"])
def test_a_lost_answer_to_create_is_an_open_question(zoom, zoom_stand_in, request_for_tuesday, now, fault):
    zoom_stand_in.goes_wrong(fault, on=CREATE)
    with pytest.raises(OutcomeUnknown):
        zoom.create(request_for_tuesday, now=now)
    assert len(zoom_stand_in.meetings) == 1


def test_a_slow_answer_to_create_is_an_open_question(zoom, zoom_stand_in, request_for_tuesday, now):
    zoom_stand_in.goes_wrong("slow", on=CREATE, seconds=1.5)
    with pytest.raises(OutcomeUnknown):
        zoom.create(request_for_tuesday, now=now)


def test_a_server_that_cannot_be_reached_is_no_open_question(zoom, zoom_stand_in, request_for_tuesday, now, settings):
    zoom.find_by_ref("host@zoom.example", ref="x")
    settings.ZOOM_API_URL = "http://127.0.0.1:1/v2"
    with pytest.raises(RetryLater):
        ZoomProvider.from_settings(timeout=settings.ZOOM_TIMEOUT).create(request_for_tuesday, now=now)


def test_the_text_for_staff_is_short_and_names_status_and_code():
    response = refusal(400, '{"code": 4711, "message": "' + "x" * 500 + '"}')
    text = str(error_of(response, may_have_worked=False, now=NOON))
    assert text.startswith("Zoom 400/4711 x")
    assert len(text) < 200


class TestFindByRef:
    def test_pages_are_read_to_the_end(self, zoom, zoom_stand_in, request_for_tuesday, now):
        for number in range(301):
            body = {"agenda": f"ref:other{number}", "start_time": "2026-06-02T05:00:00Z"}
            zoom_stand_in.app.book.create("host@zoom.example", body, base_url=zoom_stand_in.url, now=now)
        created = zoom.create(request_for_tuesday, now=now)
        found = zoom.find_by_ref("host@zoom.example", ref=request_for_tuesday.ref)
        assert found == (created.meeting_id,)
        assert zoom.read(created.meeting_id) == created

    def test_the_meetings_of_another_host_are_not_found(self, zoom, request_for_tuesday, now):
        zoom.create(request_for_tuesday, now=now)
        assert zoom.find_by_ref("other@zoom.example", ref=request_for_tuesday.ref) == ()


class TestCancel:
    def test_a_running_meeting_is_ended_first(self, zoom, zoom_stand_in, request_for_tuesday, now):
        created = zoom.create(request_for_tuesday, now=now)
        zoom_stand_in.app.book.overwrite(created.meeting_id, status="started")
        zoom.cancel(created.meeting_id)
        assert zoom_stand_in.meetings == []
        assert zoom_stand_in.calls("PUT", "/status") == 1

    def test_a_waiting_meeting_is_deleted_without_ending_it(self, zoom, zoom_stand_in, request_for_tuesday, now):
        zoom.cancel(zoom.create(request_for_tuesday, now=now).meeting_id)
        assert zoom_stand_in.meetings == []
        assert zoom_stand_in.calls("PUT") == 0

    def test_a_meeting_that_is_gone_is_success(self, zoom):
        zoom.cancel("92674392836")

    def test_a_meeting_that_goes_in_between_is_success(self, zoom, zoom_stand_in, request_for_tuesday, now):
        created = zoom.create(request_for_tuesday, now=now)
        zoom_stand_in.goes_wrong("meeting_gone", on="^DELETE")
        zoom.cancel(created.meeting_id)

    def test_html_from_the_edge_is_no_success(self, zoom, zoom_stand_in, request_for_tuesday, now):
        created = zoom.create(request_for_tuesday, now=now)
        zoom_stand_in.goes_wrong("edge_not_found", on="^DELETE")
        with pytest.raises(RetryLater):
            zoom.cancel(created.meeting_id)
