"""What Zoom is told, and what is checked when it answers."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from booking.meetings.errors import ConfigurationAlarm, InvalidRequest, MeetingGone, RetryLater
from booking.meetings.zoom.deviations import CRITICAL, count_deviations, deviations_of, take_counts
from booking.meetings.zoom.provider import SETTINGS, checked_link, create_body
from tests.zoom.stand_in import CHANGE, CREATE


@pytest.mark.requirement("J-27", "K-34", "H-10", "H-34", "S-43")
def test_sessions_are_never_recorded(request_for_tuesday):
    assert create_body(request_for_tuesday)["settings"]["auto_recording"] == "none"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("waiting_room", True),
        ("join_before_host", False),
        ("use_pmi", False),
        ("private_meeting", True),
        ("email_notification", False),
        pytest.param("meeting_authentication", False, marks=pytest.mark.requirement("S-13"), id="no account, no app"),
        ("auto_start_meeting_summary", False),
        ("auto_start_ai_companion_questions", False),
        ("continuous_meeting_chat", {"enable": False}),
    ],
)
def test_no_setting_is_left_to_the_host(zoom, zoom_stand_in, request_for_tuesday, now, name, value):
    zoom.create(request_for_tuesday, now=now)
    assert zoom_stand_in.meetings[0]["settings"][name] == value


def test_the_meeting_lasts_as_long_as_the_session(request_for_tuesday):
    assert create_body(request_for_tuesday)["duration"] == 30


def test_the_mark_stands_at_the_beginning_of_the_agenda(request_for_tuesday):
    assert create_body(request_for_tuesday)["agenda"] == "ref:7f3c9a52e1d84b60"


def test_the_answer_becomes_id_link_and_passcode(zoom, zoom_stand_in, request_for_tuesday, now):
    created = zoom.create(request_for_tuesday, now=now)
    [meeting] = zoom_stand_in.meetings
    told = (created.meeting_id, created.join_url, created.passcode)
    assert told == (str(meeting["id"]), meeting["join_url"], meeting["password"])
    assert created.deviations == ()


@pytest.mark.parametrize(
    "late_by", [pytest.param(timedelta(0), id="now"), pytest.param(timedelta(seconds=1), id="one second ago")]
)
def test_a_start_in_the_past_is_refused_before_zoom_takes_it_for_now(
    zoom, zoom_stand_in, request_for_tuesday, now, late_by
):
    with pytest.raises(InvalidRequest):
        zoom.create(replace(request_for_tuesday, starts_at=now - late_by), now=now)
    assert zoom_stand_in.meetings == []


def test_a_start_in_one_second_is_sent(zoom, zoom_stand_in, request_for_tuesday, now):
    zoom.create(replace(request_for_tuesday, starts_at=now + timedelta(seconds=1)), now=now)
    assert len(zoom_stand_in.meetings) == 1


class TestChange:
    @pytest.fixture
    def created(self, zoom, request_for_tuesday, now):
        return zoom.create(request_for_tuesday, now=now)

    def test_the_time_is_another_and_the_rest_as_it_was(self, zoom, zoom_stand_in, created, request_for_tuesday, now):
        later = replace(request_for_tuesday, starts_at=request_for_tuesday.starts_at + timedelta(days=1), minutes=45)
        [before] = zoom_stand_in.meetings
        changed = zoom.change(created.meeting_id, later, now=now)
        [after] = zoom_stand_in.meetings
        assert after == {**before, "start_time": "2026-06-03T05:00:00Z", "duration": 45}
        assert changed == replace(created, starts_at=later.starts_at, minutes=45)

    @pytest.mark.parametrize(
        "late_by", [pytest.param(timedelta(0), id="now"), pytest.param(timedelta(seconds=1), id="one second ago")]
    )
    def test_a_start_in_the_past_is_refused_before_zoom_passes_it_over(
        self, zoom, zoom_stand_in, created, request_for_tuesday, now, late_by
    ):
        with pytest.raises(InvalidRequest):
            zoom.change(created.meeting_id, replace(request_for_tuesday, starts_at=now - late_by), now=now)
        assert zoom_stand_in.calls("PATCH") == 0

    def test_a_start_in_one_second_is_sent(self, zoom, zoom_stand_in, created, request_for_tuesday, now):
        zoom.change(created.meeting_id, replace(request_for_tuesday, starts_at=now + timedelta(seconds=1)), now=now)
        assert zoom_stand_in.calls("PATCH") == 1

    def test_a_change_that_zoom_passed_over_raises_an_alarm(
        self, zoom, zoom_stand_in, created, request_for_tuesday, now, caplog
    ):
        zoom_stand_in.goes_wrong("change_ignored", on=CHANGE)
        later = replace(request_for_tuesday, starts_at=request_for_tuesday.starts_at + timedelta(days=1))
        assert zoom.change(created.meeting_id, later, now=now).deviations == ("start_time",)
        assert [record.levelno for record in caplog.records if "differs" in record.message] == [logging.ERROR]

    def test_a_meeting_that_is_gone_is_said_so(self, zoom, request_for_tuesday, now):
        with pytest.raises(MeetingGone):
            zoom.change("92674392836", request_for_tuesday, now=now)

    @pytest.mark.parametrize("fault", ["answer_lost", "dropped", "bad_gateway_after", "server_error", "per_second"])
    def test_after_any_trouble_it_may_be_tried_again(
        self, zoom, zoom_stand_in, created, request_for_tuesday, now, fault
    ):
        zoom_stand_in.goes_wrong(fault, on=CHANGE)
        later = replace(request_for_tuesday, starts_at=request_for_tuesday.starts_at + timedelta(days=1))
        with pytest.raises(RetryLater):
            zoom.change(created.meeting_id, later, now=now)
        assert zoom.change(created.meeting_id, later, now=now).starts_at == later.starts_at


@pytest.mark.parametrize(
    ("fault", "deviations"),
    [
        pytest.param("no_passcode", ("password",), id="without a passcode"),
        pytest.param("settings_locked", ("waiting_room", "auto_recording"), id="recorded, no waiting room"),
    ],
)
def test_an_account_that_overrides_us_raises_an_alarm_but_the_meeting_stays(
    zoom, zoom_stand_in, request_for_tuesday, now, caplog, fault, deviations
):
    zoom_stand_in.goes_wrong(fault, on=CREATE)
    created = zoom.create(request_for_tuesday, now=now)
    assert created.deviations == deviations
    assert len(zoom_stand_in.meetings) == 1
    assert [record.levelno for record in caplog.records if "differs" in record.message] == [logging.ERROR]


class TestDeviations:
    """Whatever comes back different from what was sent is an alarm, not three settings only."""

    @pytest.fixture
    def sent(self, request_for_tuesday):
        return create_body(request_for_tuesday)

    @pytest.fixture
    def answer(self, sent):
        return {**sent, "password": "a1b2c3", "settings": dict(sent["settings"])}

    @staticmethod
    def found(answer, sent):
        return tuple(deviations_of(answer, sent=sent))

    def test_an_answer_as_asked_has_none(self, answer, sent):
        assert self.found(answer, sent) == ()

    @pytest.mark.parametrize("name", sorted(SETTINGS))
    def test_every_setting_is_looked_at(self, answer, sent, name):
        answer["settings"][name] = "something else"
        assert self.found(answer, sent) == (name,)

    @pytest.mark.parametrize("name", sorted(SETTINGS))
    def test_of_what_the_answer_leaves_out_only_the_critical_counts(self, answer, sent, name):
        del answer["settings"][name]
        assert self.found(answer, sent) == ((name,) if name in CRITICAL else ())

    def test_what_zoom_adds_is_none(self, answer, sent):
        answer["settings"]["continuous_meeting_chat"] = {"enable": False, "who_is_added": "all_users"}
        answer["settings"]["watermark"] = True
        assert self.found(answer, sent) == ()

    def test_within_an_object_too(self, answer, sent):
        answer["settings"]["continuous_meeting_chat"] = {"enable": True}
        assert self.found(answer, sent) == ("continuous_meeting_chat",)

    @pytest.mark.parametrize(
        ("name", "value"), [("start_time", "2026-06-01T01:00:00Z"), ("duration", 40), ("password", "")]
    )
    def test_time_length_and_passcode_are_looked_at(self, answer, sent, name, value):
        assert self.found({**answer, name: value}, sent) == (name,)

    def test_a_meeting_that_zoom_makes_for_now_is_an_alarm(self, zoom, zoom_stand_in, request_for_tuesday, now, caplog):
        zoom_stand_in.goes_wrong("start_is_now", on=CREATE)
        assert zoom.create(request_for_tuesday, now=now).deviations == ("start_time",)
        assert [record.levelno for record in caplog.records if "ConfigurationAlarm" in record.message] == [
            logging.ERROR
        ]

    def test_they_are_counted_by_name_until_somebody_asks(self, zoom, zoom_stand_in, request_for_tuesday, now):
        for fault in ("settings_locked", "settings_locked", "no_passcode"):
            zoom_stand_in.goes_wrong(fault, on=CREATE)
            zoom.create(request_for_tuesday, now=now)
        assert take_counts() == {"waiting_room": 2, "auto_recording": 2, "password": 1}
        assert take_counts() == {}

    def test_without_redis_they_are_not_counted_and_nothing_breaks(self, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        count_deviations(["password"])
        assert take_counts() == {}


class TestLinks:
    @pytest.mark.parametrize(
        "url",
        [
            pytest.param("https://zoom.us/j/1?pwd=a", id="zoom.us"),
            pytest.param("https://us05web.zoom.us/j/1", id="a server of zoom.us"),
        ],
    )
    def test_links_to_zoom_are_passed_on(self, settings, url):
        settings.ZOOM_JOIN_HOSTS, settings.DEMO = ["zoom.us"], False
        assert checked_link(url) == url

    @pytest.mark.parametrize(
        "url",
        [
            pytest.param("https://zoom.us.phishing.example/j/1", id="looks like zoom.us"),
            pytest.param("https://evilzoom.us/j/1", id="ends like zoom.us"),
            pytest.param("https://zoom.us@phishing.example/j/1", id="zoom.us as a user name"),
            pytest.param("https://phishing.example\\@zoom.us/j/1", id="backslash"),
            pytest.param("http://zoom.us/j/1", id="not encrypted"),
            pytest.param("javascript://zoom.us/%0aalert(1)", id="a script"),
            pytest.param("https://zoom.us/j/1\r\nBcc: x", id="a line break"),
            pytest.param("", id="no link"),
        ],
    )
    def test_any_other_link_raises_the_alarm(self, settings, url):
        settings.ZOOM_JOIN_HOSTS, settings.DEMO = ["zoom.us"], False
        with pytest.raises(ConfigurationAlarm):
            checked_link(url)

    def test_an_unencrypted_link_is_good_enough_for_the_demo_only(self, settings):
        settings.ZOOM_JOIN_HOSTS, settings.DEMO = ["localhost:8001"], True
        assert checked_link("http://localhost:8001/j/1") == "http://localhost:8001/j/1"


def test_the_host_link_is_fetched_when_it_is_asked_for(zoom, zoom_stand_in, request_for_tuesday, now):
    created = zoom.create(request_for_tuesday, now=now)
    assert zoom.host_url(created.meeting_id).startswith(f"{zoom_stand_in.url}/s/{created.meeting_id}")


def test_neither_link_nor_passcode_is_in_a_repr(zoom, request_for_tuesday, now):
    created = zoom.create(request_for_tuesday, now=now)
    assert created.join_url not in repr(created)
    assert created.passcode not in repr(created)


def test_nothing_secret_is_logged(zoom, zoom_stand_in, request_for_tuesday, now, caplog, redis):
    caplog.set_level(logging.DEBUG)
    zoom_stand_in.goes_wrong("token_expired", on=CREATE)
    created = zoom.create(request_for_tuesday, now=now)
    host_url = zoom.host_url(created.meeting_id)
    zoom.cancel(created.meeting_id)
    [token] = [redis.get(key).decode() for key in redis.keys("hellowork:zoom:token:*")]
    secrets = (token, zoom_stand_in.app.credentials.client_secret, host_url, created.join_url, created.passcode)
    assert caplog.text
    assert [secret for secret in secrets if secret in caplog.text] == []
