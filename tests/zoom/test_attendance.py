"""Who was in the meeting, as Zoom tells afterwards (zoom contract C.4, C.8)."""

from datetime import timedelta

import pytest

from booking.meetings.errors import ConfigurationAlarm, InvalidRequest, MeetingGone, NotInPlan, NotThereYet, RetryLater
from booking.meetings.protocol import MeetingStatus, Stay
from booking.meetings.zoom.attendance import path_of_instance
from booking.meetings.zoom.times import utc_text
from tests.zoom.stand_in import RunningStandIn

HOST = "host@zoom.example"
FIRST, SECOND = "Vg8IdgluR5WDeWIkpJlElQ==", "/ajXp112QmuoKj4854875=="
INSTANCES = "^GET /v2/past_meetings/.*/instances$"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def created(zoom, request_for_tuesday, now):
    return zoom.create(request_for_tuesday, now=now)


@pytest.fixture
def begin(request_for_tuesday):
    return request_for_tuesday.starts_at


@pytest.fixture
def hold(zoom_stand_in, created, begin):
    """The meeting was held: `hold([row, …], uuid=…)`."""

    def hold(rows, *, uuid=FIRST):
        book = zoom_stand_in.app.zoom.attendance
        book.hold(created.meeting_id, uuid=uuid, start_time=utc_text(begin), participants=rows)

    return hold


def row(user_id, *, joined, left=None, **fields):
    times = {"join_time": utc_text(joined)} | ({"leave_time": utc_text(left)} if left else {})
    return {
        "id": "",
        "name": "見本 花子",
        "user_id": user_id,
        "user_email": "",
        "status": "in_meeting",
        **times,
        **fields,
    }


def test_every_stay_is_told_with_its_times_and_nobodys_name(zoom, created, hold, begin):
    hold(
        [
            row("200", joined=begin + MINUTE, left=begin + 9 * MINUTE),
            row("100", joined=begin, left=begin + 30 * MINUTE, user_email=HOST, id="zJKyaiAyTNC-MWjiWC18KQ"),
            row("201", joined=begin + 10 * MINUTE, left=begin + 30 * MINUTE),
        ]
    )
    stays = zoom.attendance(created.meeting_id, host=HOST)
    assert stays == (
        Stay(instance=FIRST, participant="100", is_host=True, joined_at=begin, left_at=begin + 30 * MINUTE),
        Stay(instance=FIRST, participant="200", is_host=False, joined_at=begin + MINUTE, left_at=begin + 9 * MINUTE),
        Stay(
            instance=FIRST, participant="201", is_host=False, joined_at=begin + 10 * MINUTE, left_at=begin + 30 * MINUTE
        ),
    )
    assert "見本" not in repr(stays)


def test_whoever_only_waited_in_the_waiting_room_was_not_there(zoom, created, hold, begin):
    hold([row("100", joined=begin, user_email=HOST), row("200", joined=begin, status="in_waiting_room")])
    assert [stay.participant for stay in zoom.attendance(created.meeting_id, host=HOST)] == ["100"]


def test_all_pages_are_read(zoom, zoom_stand_in, created, hold, begin):
    zoom_stand_in.app.switch_board.set("small_pages", amount=2)
    hold([row(str(number), joined=begin + number * MINUTE) for number in range(5)])
    assert [stay.participant for stay in zoom.attendance(created.meeting_id, host=HOST)] == ["0", "1", "2", "3", "4"]


def test_a_meeting_that_was_begun_twice_has_the_stays_of_both_times(zoom, created, hold, begin):
    """By the number alone Zoom tells of the last time only, and whoever came to the first would have been absent."""
    hold([row("100", joined=begin, user_email=HOST), row("200", joined=begin + MINUTE)], uuid=FIRST)
    hold([row("300", joined=begin + 20 * MINUTE, user_email=HOST)], uuid=SECOND)
    stays = zoom.attendance(created.meeting_id, host=HOST)
    assert [(stay.instance, stay.participant) for stay in stays] == [(FIRST, "100"), (FIRST, "200"), (SECOND, "300")]


@pytest.mark.parametrize(
    ("uuid", "path"),
    [
        pytest.param("abc==", "/past_meetings/abc%3D%3D/participants", id="without slashes"),
        pytest.param("a/bc==", "/past_meetings/a%2Fbc%3D%3D/participants", id="one slash inside"),
        pytest.param("/abc==", "/past_meetings/%252Fabc%253D%253D/participants", id="a slash at the beginning"),
        pytest.param("a//bc==", "/past_meetings/a%252F%252Fbc%253D%253D/participants", id="two slashes in a row"),
    ],
)
def test_slashes_in_identifiers_are_encoded_as_zoom_wants(uuid, path):
    assert path_of_instance(uuid) == path


@pytest.mark.parametrize("uuid", [FIRST, SECOND, "a/bc==", "a//bc=="])
def test_each_such_identifier_is_understood(zoom, created, hold, begin, uuid):
    hold([row("100", joined=begin, user_email=HOST)], uuid=uuid)
    assert [stay.instance for stay in zoom.attendance(created.meeting_id, host=HOST)] == [uuid]


class TestHost:
    @pytest.mark.parametrize("address", [HOST, "Host@Zoom.Example"])
    def test_is_known_by_the_address(self, zoom, zoom_stand_in, created, hold, begin, address):
        hold([row("100", joined=begin, user_email=address), row("200", joined=begin)])
        assert [stay.is_host for stay in zoom.attendance(created.meeting_id, host=HOST)] == [True, False]
        assert zoom_stand_in.calls("GET", f"/users/{HOST}") == 0

    def test_is_known_by_the_id_where_the_address_is_withheld(self, zoom, created, hold, begin):
        user_id = zoom._zoom.get(f"/users/{HOST}")["id"]
        hold([row("100", joined=begin, id=user_id), row("200", joined=begin, id="another"), row("300", joined=begin)])
        stays = zoom.attendance(created.meeting_id, host=HOST)
        assert {stay.participant: stay.is_host for stay in stays} == {"100": True, "200": False, "300": False}

    def test_keeps_the_id_when_the_address_is_missing_in_the_second_stay(self, zoom, created, hold, begin):
        rows = [row("100", joined=begin, id="abc", user_email=HOST), row("101", joined=begin + MINUTE, id="abc")]
        hold(rows)
        assert [stay.is_host for stay in zoom.attendance(created.meeting_id, host=HOST)] == [True, True]

    def test_a_guest_without_id_and_address_never_looks_like_one(self, zoom, created, hold, begin):
        hold([row("200", joined=begin)])
        assert [stay.is_host for stay in zoom.attendance(created.meeting_id, host=HOST)] == [False]


class TestNotTold:
    def test_before_anybody_was_there_it_is_too_early(self, zoom, created):
        with pytest.raises(NotThereYet):
            zoom.attendance(created.meeting_id, host=HOST)

    def test_a_past_meeting_that_zoom_does_not_know_is_too_early_too(self, zoom, zoom_stand_in, created):
        zoom_stand_in.goes_wrong("meeting_gone", on=INSTANCES)
        with pytest.raises(NotThereYet):
            zoom.attendance(created.meeting_id, host=HOST)

    def test_rows_that_zoom_has_not_finished_are_too_early(self, zoom, created, hold, begin):
        unfinished = row("200", joined=begin)
        del unfinished["join_time"]
        hold([row("100", joined=begin, user_email=HOST), unfinished])
        with pytest.raises(NotThereYet):
            zoom.attendance(created.meeting_id, host=HOST)

    def test_too_early_is_no_configuration_alarm_and_a_plan_is(self, zoom, zoom_stand_in, created, hold, begin):
        zoom_stand_in.app.switch_board.set("basic_hosts")
        hold([row("100", joined=begin, user_email=HOST)])
        with pytest.raises(NotInPlan) as refused:
            zoom.attendance(created.meeting_id, host=HOST)
        assert isinstance(refused.value, ConfigurationAlarm)

    def test_a_host_who_was_alone_may_leave_no_row(self, zoom, created, hold):
        hold([])
        assert zoom.attendance(created.meeting_id, host=HOST) == ()

    @pytest.mark.parametrize(
        ("fault", "error"),
        [("per_second", RetryLater), ("missing_scope", ConfigurationAlarm), ("invalid", InvalidRequest)],
    )
    def test_other_refusals_are_what_they_are(self, zoom, zoom_stand_in, created, fault, error):
        zoom_stand_in.goes_wrong(fault, on=INSTANCES)
        with pytest.raises(error):
            zoom.attendance(created.meeting_id, host=HOST)


class TestStatus:
    def test_a_meeting_waits_until_it_is_started(self, zoom, zoom_stand_in, created):
        assert zoom.status(created.meeting_id) is MeetingStatus.WAITING
        zoom_stand_in.app.book.overwrite(created.meeting_id, status="started")
        assert zoom.status(created.meeting_id) is MeetingStatus.STARTED

    def test_a_meeting_that_was_deleted_is_gone(self, zoom):
        with pytest.raises(MeetingGone):
            zoom.status("92674392836")


class TestScheduled:
    def test_ours_carry_their_mark_and_those_of_others_none(
        self, zoom, zoom_stand_in, created, request_for_tuesday, now
    ):
        make = zoom_stand_in.app.book.create
        for agenda in (
            "Team meeting",
            "see ref:7f3c9a52e1d84b60",
            "ref:7f3c9a52e1d84b60abcd",
            "ref:",
            "REF:7f3c9a52e1d84b60",
        ):
            make(HOST, {"agenda": agenda}, base_url=zoom_stand_in.url, now=now)
        listed = zoom.scheduled(HOST)
        assert len(listed) == 6
        [ours] = [meeting for meeting in listed if meeting.ref]
        assert (ours.meeting_id, ours.ref) == (created.meeting_id, request_for_tuesday.ref)
        assert (ours.starts_at, ours.minutes, ours.created_at) == (request_for_tuesday.starts_at, 30, now)

    def test_a_mark_with_something_behind_it_is_still_ours(self, zoom, zoom_stand_in, now):
        body = {"agenda": "ref:7f3c9a52e1d84b60 (変更しないでください)"}
        zoom_stand_in.app.book.create(HOST, body, base_url=zoom_stand_in.url, now=now)
        assert [meeting.ref for meeting in zoom.scheduled(HOST)] == ["7f3c9a52e1d84b60"]

    def test_a_list_without_an_end_is_given_up(self, zoom, zoom_stand_in: RunningStandIn, now):
        zoom_stand_in.app.switch_board.set("small_pages", amount=1)
        for _number in range(21):
            zoom_stand_in.app.book.create(HOST, {}, base_url=zoom_stand_in.url, now=now)
        with pytest.raises(RetryLater):
            zoom.scheduled(HOST)
