"""Zoom does not answer: after five failures in a row nobody asks it for a minute, then one worker tries (ADR 13)."""

import contextlib
import itertools
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from booking.effects.host_link import host_url
from booking.effects.leases import next_attempt
from booking.effects.open_meeting import open_meeting
from booking.enums import MeetingState
from booking.errors import BookingError
from booking.meetings.errors import (
    ConfigurationAlarm,
    MeetingError,
    NoAnswer,
    OutcomeUnknown,
    OutOfOrder,
    RetryLater,
    WaitUntil,
)
from booking.meetings.zoom.breaker import Breaker
from booking.meetings.zoom.provider import ZoomProvider
from tests.zoom.stand_in import CREATE

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
HOST = "host@zoom.example"
NOBODY_THERE = "redis://127.0.0.1:1/0"
LIST = "^GET /v2/users/.*/meetings$"


@pytest.fixture
def ask(zoom, now):
    """List the meetings of a host, whatever comes of it; returns the error."""

    def ask():
        try:
            zoom.scheduled(HOST)
        except MeetingError as error:
            return error
        return None

    return ask


@pytest.fixture
def fail(zoom_stand_in, ask):
    """So many calls in a row that Zoom's edge answers with 502."""

    def fail(times, fault="bad_gateway"):
        zoom_stand_in.goes_wrong(fault, on=LIST, times=times)
        return [ask() for _call in range(times)]

    return fail


@pytest.fixture
def open_circuit(fail) -> None:
    fail(5)


class TestOpens:
    def test_at_the_fifth_failure_in_a_row(self, fail, ask, zoom_stand_in, now):
        fail(4)
        assert ask() is None
        fail(5)
        asked = zoom_stand_in.calls("GET")
        refused = ask()
        assert isinstance(refused, OutOfOrder)
        assert refused.at == now + MINUTE
        assert zoom_stand_in.calls("GET") == asked

    @pytest.mark.parametrize("fault", ["dropped", "server_error", "bad_gateway", "answer_lost"])
    def test_by_every_failure_of_transport(self, fail, ask, fault):
        assert {type(error) for error in fail(5, fault)} == {NoAnswer}
        assert isinstance(ask(), OutOfOrder)

    @pytest.mark.parametrize(
        "fault",
        ["per_second", "daily", "host_daily", "missing_scope", "invalid", "forbidden", "user_unknown", "conflict"],
    )
    def test_never_by_a_refusal(self, fail, ask, fault):
        fail(6, fault)
        assert ask() is None

    def test_a_refusal_breaks_the_row_of_failures(self, fail, ask):
        fail(4)
        fail(1, "invalid")
        fail(4)
        assert ask() is None

    def test_by_lost_answers_of_create_too(self, zoom, zoom_stand_in, ask, request_for_tuesday, now):
        zoom_stand_in.goes_wrong("answer_lost", on=CREATE, times=5)
        for _call in range(5):
            with pytest.raises(OutcomeUnknown):
                zoom.create(request_for_tuesday, now=now)
        assert isinstance(ask(), OutOfOrder)

    def test_when_no_token_can_be_had(self, ask, zoom_stand_in):
        zoom_stand_in.goes_wrong("bad_gateway", on="/oauth/token", times=5)
        for _call in range(5):
            ask()
        assert isinstance(ask(), OutOfOrder)
        assert zoom_stand_in.calls("POST", "/oauth/token") == 5

    @pytest.mark.usefixtures("open_circuit")
    def test_for_all_workers_at_once(self, settings):
        with pytest.raises(OutOfOrder):
            ZoomProvider.from_settings(timeout=settings.ZOOM_TIMEOUT).scheduled(HOST)

    @pytest.mark.usefixtures("open_circuit")
    def test_for_this_account_only(self, settings):
        settings.ZOOM_ACCOUNT_ID = "another"
        with pytest.raises(ConfigurationAlarm):
            ZoomProvider.from_settings(timeout=settings.ZOOM_TIMEOUT).scheduled(HOST)

    def test_and_says_so_in_the_log(self, fail, caplog):
        fail(5)
        assert [record.levelno for record in caplog.records if "circuit open" in record.message] == [logging.ERROR]


@pytest.mark.usefixtures("open_circuit")
class TestHalfOpen:
    def test_nobody_asks_before_the_minute_is_over(self, ask, freeze, now):
        freeze(now + MINUTE - SECOND)
        assert isinstance(ask(), OutOfOrder)

    def test_then_an_answer_closes_it(self, ask, fail, freeze, now):
        freeze(now + MINUTE)
        assert ask() is None
        fail(4)
        assert ask() is None

    def test_a_refusal_closes_it_too(self, ask, fail, freeze, now):
        freeze(now + MINUTE)
        fail(1, "forbidden")
        assert ask() is None

    def test_one_failure_opens_it_for_another_minute(self, ask, fail, freeze, now):
        freeze(now + MINUTE)
        fail(1)
        refused = ask()
        assert isinstance(refused, OutOfOrder)
        assert refused.at == now + 2 * MINUTE

    def test_of_many_workers_exactly_one_tries(self, settings, zoom_stand_in, freeze, now):
        asked = zoom_stand_in.calls("GET")
        outcomes = self.eight_at_once(settings, zoom_stand_in, freeze, now)
        assert zoom_stand_in.calls("GET") == asked + 1
        assert sum(outcome is None for outcome in outcomes) == 1
        assert sum(isinstance(outcome, OutOfOrder) for outcome in outcomes) == 7

    def test_without_the_mark_of_the_one_who_tries_all_would(self, settings, zoom_stand_in, freeze, now, monkeypatch):
        numbers = itertools.count()
        monkeypatch.setattr(Breaker, "_probe", property(lambda _breaker: f"probe:{next(numbers)}"))
        asked = zoom_stand_in.calls("GET")
        self.eight_at_once(settings, zoom_stand_in, freeze, now)
        assert zoom_stand_in.calls("GET") > asked + 1

    @staticmethod
    def eight_at_once(settings, zoom_stand_in, freeze, now):
        freeze(now + MINUTE)
        zoom_stand_in.goes_wrong("slow", on=LIST, times=8, seconds=0.5)
        gate = Barrier(8)

        def ask(_number):
            zoom = ZoomProvider.from_settings(timeout=settings.ZOOM_TIMEOUT)
            gate.wait()
            try:
                zoom.scheduled(HOST)
            except MeetingError as error:
                return error
            return None

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(ask, range(8)))

    def test_those_who_wait_meanwhile_are_told_when_to_come_back(self, redis, ask, settings, freeze, now):
        later = freeze(now + MINUTE)
        redis.set(Breaker(account=account(redis))._probe, "1")
        refused = ask()
        assert isinstance(refused, OutOfOrder)
        assert refused.at == later + MINUTE / 2

    def test_a_worker_that_dies_while_it_tries_keeps_the_others_out_for_90_seconds(self, redis, settings, freeze, now):
        freeze(now + MINUTE)
        breaker = Breaker(account=account(redis))
        with contextlib.suppress(KeyboardInterrupt), breaker.watching():
            raise KeyboardInterrupt
        assert 85 < redis.ttl(breaker._probe) <= 90


def account(redis) -> str:
    [key] = redis.keys("hellowork:zoom:breaker:*:open")
    return key.decode().split(":")[3]


class TestRedis:
    @pytest.mark.usefixtures("open_circuit")
    def test_emptied_the_circuit_is_closed(self, ask, redis):
        redis.flushdb()
        assert ask() is None

    @pytest.mark.usefixtures("open_circuit")
    def test_with_nonsense_in_it_the_circuit_is_closed(self, ask, redis):
        redis.set(Breaker(account=account(redis))._open, "soon")
        assert ask() is None

    def test_away_the_circuit_is_closed(self, settings):
        settings.REDIS_URL = NOBODY_THERE
        breaker = Breaker(account="any")
        for _call in range(6):
            with pytest.raises(NoAnswer), breaker.watching():
                raise NoAnswer("as before")
        with breaker.watching():
            pass

    def test_away_a_call_is_put_off_as_it_was_without_the_breaker(self, ask, settings):
        settings.REDIS_URL = NOBODY_THERE
        assert type(ask()) is RetryLater

    @pytest.mark.usefixtures("open_circuit")
    def test_forgets_a_circuit_that_nobody_tries(self, redis):
        assert 3590 < redis.ttl(Breaker(account=account(redis))._open) <= 3600


class TestWhatGoesOn:
    """The rows wait, nothing breaks, and all is well afterwards."""

    @pytest.mark.usefixtures("open_circuit")
    def test_a_row_waits_until_the_circuit_is_tried(self, meeting, zoom_stand_in, now, freeze):
        open_meeting(meeting.pk, now=now)
        meeting.refresh_from_db()
        assert (meeting.state, meeting.next_attempt_at) == (MeetingState.REQUESTED, now + MINUTE)
        assert "Zoomから返事がない" in meeting.error
        assert zoom_stand_in.calls("POST", "/meetings") == 0
        open_meeting(meeting.pk, now=freeze(now + MINUTE))
        meeting.refresh_from_db()
        assert (meeting.state, meeting.error) == (MeetingState.OPEN, "")
        assert len(zoom_stand_in.meetings) == 1

    def test_an_open_circuit_is_a_wait_until(self, now):
        refused = OutOfOrder("Zoom: circuit open", at=now + 5 * MINUTE)
        assert isinstance(refused, WaitUntil)
        assert next_attempt(refused, attempts=9, now=now) == now + 5 * MINUTE

    def test_the_counselor_is_told_at_once(self, opened, fail, zoom_stand_in):
        fail(5)
        asked = zoom_stand_in.calls("GET")
        with pytest.raises(BookingError) as refused:
            host_url(opened)
        assert refused.value.code == "host_link_unavailable"
        assert zoom_stand_in.calls("GET") == asked
