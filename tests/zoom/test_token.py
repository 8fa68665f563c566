"""One token for all workers, renewed once however many notice that it has ended."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from booking.meetings.errors import ConfigurationAlarm, NoAnswer, RetryLater
from booking.meetings.zoom import token
from booking.meetings.zoom.provider import ZoomProvider
from booking.meetings.zoom.token import TokenSource
from tests.zoom.stand_in import CREATE

WORKERS = 8
TOKEN = "/oauth/token"
HOST = "host@zoom.example"


@pytest.fixture
def source(zoom_stand_in, settings) -> TokenSource:
    return TokenSource.from_settings(timeout=settings.ZOOM_TIMEOUT)


def at_once(work):
    """Run `work` in eight threads that start together."""
    gate = threading.Barrier(WORKERS)

    def run(_number):
        gate.wait()
        return work()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


def test_eight_workers_that_need_a_token_fetch_one(source, zoom_stand_in):
    assert len(set(at_once(source.current))) == 1
    assert zoom_stand_in.calls("POST", TOKEN) == 1


def test_eight_workers_whose_token_was_refused_renew_it_once(source, zoom_stand_in):
    failed = source.current()
    renewed = set(at_once(lambda: source.renew(failed=failed)))
    assert len(renewed) == 1
    assert failed not in renewed
    assert zoom_stand_in.calls("POST", TOKEN) == 2


def test_without_the_comparison_each_of_them_would_fetch_its_own(source, zoom_stand_in, redis):
    source.current()
    for _worker in range(WORKERS):
        source.renew(failed=redis.get(source.key).decode())
    assert zoom_stand_in.calls("POST", TOKEN) == 1 + WORKERS


def test_workers_that_fail_with_the_same_old_token_fetch_one(zoom, zoom_stand_in, settings):
    zoom.scheduled(HOST)
    zoom_stand_in.app.tokens.forget()
    at_once(lambda: ZoomProvider.from_settings(timeout=settings.ZOOM_TIMEOUT).scheduled(HOST))
    assert zoom_stand_in.calls("POST", TOKEN) == 2
    assert zoom_stand_in.calls("GET", "/meetings") > 1 + WORKERS, "some were refused with the old token"


def test_a_worker_whose_failed_token_was_replaced_meanwhile_takes_the_new_one(source, zoom_stand_in, redis):
    failed = source.current()
    fresh = source.renew(failed=failed)
    assert source.renew(failed=failed) == fresh
    assert redis.get(source.key).decode() == fresh
    assert zoom_stand_in.calls("POST", TOKEN) == 2


def test_a_token_that_somebody_else_voided_is_renewed_once(zoom, source, zoom_stand_in):
    """Zoom has voided older tokens when a new one was given out: an administrator tries the app by hand, say."""
    zoom_stand_in.app.switch_board.set("only_newest_token")
    zoom.scheduled(HOST)
    source._fetch()
    zoom.scheduled(HOST)
    assert zoom_stand_in.calls("POST", TOKEN) == 3


def test_a_worker_that_waits_for_the_lock_in_vain_is_no_crash(source, redis, zoom_stand_in, monkeypatch):
    monkeypatch.setattr(token, "LOCK_WAITED_FOR", 0.2)
    redis.set(f"{source.key}:lock", "somebody who died")
    with pytest.raises(NoAnswer):
        source.current()
    redis.delete(f"{source.key}:lock")
    assert source.current()


def test_a_worker_that_dies_with_the_lock_gives_it_back_by_its_end(source, redis, zoom_stand_in):
    """Longer than the fetch may take, so that nobody fetches a second one meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        zoom_stand_in.goes_wrong("slow", on=TOKEN, seconds=0.5)
        fetching = pool.submit(source.current)
        deadline = time.monotonic() + 5
        while not (left := redis.pttl(f"{source.key}:lock")) > 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert 30_000 < left <= 40_000
        assert fetching.result()


def test_a_second_client_takes_the_token_of_the_first(source, zoom_stand_in, settings):
    source.current()
    TokenSource.from_settings(timeout=settings.ZOOM_TIMEOUT).current()
    assert zoom_stand_in.calls("POST", TOKEN) == 1


def test_the_token_is_given_up_two_minutes_before_its_end(source, redis):
    source.current()
    assert 3600 - 125 < redis.ttl(source.key) <= 3600 - 120


def test_a_token_that_ends_in_mid_run_is_renewed_and_the_call_repeated(zoom, zoom_stand_in, request_for_tuesday, now):
    zoom_stand_in.goes_wrong("token_expired", on=CREATE)
    zoom.create(request_for_tuesday, now=now)
    assert len(zoom_stand_in.meetings) == 1
    assert zoom_stand_in.calls("POST", TOKEN) == 2


def test_a_token_that_is_refused_twice_is_an_alarm_and_not_a_loop(zoom, zoom_stand_in, request_for_tuesday, now):
    zoom_stand_in.goes_wrong("token_refused", on=CREATE, times=5)
    with pytest.raises(ConfigurationAlarm):
        zoom.create(request_for_tuesday, now=now)
    assert zoom_stand_in.calls("POST", "/meetings") == 2


def test_wrong_credentials_are_an_alarm(zoom_stand_in, settings, request_for_tuesday, now):
    settings.ZOOM_CLIENT_SECRET = "wrong"
    zoom = ZoomProvider.from_settings(timeout=settings.ZOOM_TIMEOUT)
    with pytest.raises(ConfigurationAlarm, match="invalid_client"):
        zoom.create(request_for_tuesday, now=now)


@pytest.mark.parametrize("fault", ["bad_gateway", "server_error", "dropped", "not_json"])
def test_a_token_endpoint_in_trouble_is_asked_again_later(zoom, zoom_stand_in, request_for_tuesday, now, fault):
    zoom_stand_in.goes_wrong(fault, on=TOKEN)
    with pytest.raises(RetryLater):
        zoom.create(request_for_tuesday, now=now)


def test_a_token_endpoint_that_does_not_answer_is_not_waited_for(zoom, zoom_stand_in, request_for_tuesday, now):
    zoom_stand_in.goes_wrong("slow", on=TOKEN, seconds=1.5)
    with pytest.raises(RetryLater):
        zoom.create(request_for_tuesday, now=now)


def test_without_redis_the_call_is_put_off(source, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(RetryLater):
        source.current()


def test_another_secret_never_meets_the_token_of_the_old_one(source, settings):
    settings.ZOOM_CLIENT_SECRET = "new"
    assert TokenSource.from_settings(timeout=settings.ZOOM_TIMEOUT).key != source.key
    assert "new" not in source.key
