"""Check-in, contact, the ten-minute rule, its undoing, and the end."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.enums import Action, MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_seeker
from booking.flows.check_in import check_in, mark_contacted, mark_present
from booking.flows.complete import complete
from booking.flows.no_show import mark_no_show, undo_no_show
from booking.models import Counselor, Reservation, ReservationEvent
from booking.periodic import cancel_no_shows, complete_past_sessions, purge_personal_data
from mailing.models import OutgoingMail
from tests.booking.conftest import Reserve
from tests.factories import NOW, MembershipFactory, jst

pytestmark = pytest.mark.django_db
TEN = jst(6, 2, 10)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def awaited(reserve_place: Reserve) -> Reserve:
    """A reservation for whose person somebody of the office waited, from 9:55 on."""

    def book() -> Reservation:
        reservation = reserve_place()
        staff = MembershipFactory.create(office=reservation.office).user
        return mark_present(reservation, by=staff, now=TEN - 5 * MINUTE)

    return book


def status_of(reservation: Reservation) -> str:
    reservation.refresh_from_db()
    return reservation.status


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
@pytest.mark.parametrize(
    ("moment", "cancelled"),
    [pytest.param(TEN + 10 * MINUTE - SECOND, False, id="09:59"), pytest.param(TEN + 10 * MINUTE, True, id="10:00")],
)
def test_ten_minutes_without_contact_cancel_the_reservation(awaited: Reserve, moment: object, cancelled: bool) -> None:
    reservation = awaited()
    assert mark_no_show(reservation.pk, now=moment) is cancelled
    assert status_of(reservation) == (ReservationStatus.NO_SHOW if cancelled else ReservationStatus.CONFIRMED)


def test_a_no_show_closes_the_meeting_and_is_told_politely(awaited: Reserve, freeze: object) -> None:
    reservation = awaited()
    freeze(TEN + 10 * MINUTE)
    assert cancel_no_shows() == 1
    assert cancel_no_shows() == 0
    assert status_of(reservation) == ReservationStatus.NO_SHOW
    assert reservation.meetings.get().state == MeetingState.CLOSING
    assert OutgoingMail.objects.filter(cause=str(reservation.uuid), kind="no_show").count() == 1


@pytest.mark.requirement("K-24")
def test_who_has_checked_in_is_no_no_show(awaited: Reserve) -> None:
    reservation = awaited()
    check_in(reservation, by=reservation.seeker, now=TEN)
    assert mark_no_show(reservation.pk, now=TEN + 11 * MINUTE) is False


@pytest.mark.requirement("K-24")
def test_who_has_called_is_no_no_show(awaited: Reserve) -> None:
    reservation = awaited()
    mark_contacted(reservation, by=MembershipFactory.create(office=reservation.office).user, now=TEN + 9 * MINUTE)
    assert mark_no_show(reservation.pk, now=TEN + 11 * MINUTE) is False
    assert reservation.events.filter(action=Action.MARK_CONTACTED).exists()


def test_a_cancelled_reservation_is_no_no_show(reserve_place: Reserve) -> None:
    reservation = reserve_place()
    cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)
    assert mark_no_show(reservation.pk, now=TEN + 11 * MINUTE) is False


@pytest.mark.requirement("S-06")
def test_the_room_opens_ten_minutes_before_and_closes_at_the_end(reserve_place: Reserve) -> None:
    reservation = reserve_place()
    for moment, code in [(TEN - 10 * MINUTE - SECOND, "join_not_open"), (TEN + 30 * MINUTE, "session_over")]:
        with pytest.raises(BookingError) as refused:
            check_in(reservation, by=reservation.seeker, now=moment)
        assert refused.value.code == code
    assert check_in(reservation, by=reservation.seeker, now=TEN - 10 * MINUTE).status == ReservationStatus.CHECKED_IN
    again = check_in(reservation, by=reservation.seeker, now=TEN + 29 * MINUTE)
    assert again.checked_in_at == TEN - 10 * MINUTE


def test_staff_undo_a_no_show_with_a_reason_and_a_new_meeting_opens(awaited: Reserve) -> None:
    reservation = awaited()
    mark_no_show(reservation.pk, now=TEN + 10 * MINUTE)
    staff = MembershipFactory.create(office=reservation.office).user
    later = TEN + 12 * MINUTE
    with pytest.raises(BookingError, match="理由"):
        undo_no_show(reservation, by=staff, reason="", now=later)
    undone = undo_no_show(reservation, by=staff, reason="電話がつながらなかった", now=later)
    assert undone.status == ReservationStatus.CONFIRMED
    assert mark_no_show(reservation.pk, now=later) is False
    meeting = undone.meetings.live().get()
    assert (meeting.starts_at, meeting.minutes) == (TEN, 30)  # the effect asks Zoom for what is left of it
    assert OutgoingMail.objects.filter(cause=str(reservation.uuid), kind="new_link").exists()


def test_a_no_show_whose_time_was_given_away_cannot_be_undone(awaited: Reserve, reserve_place: Reserve) -> None:
    reservation = awaited()
    mark_no_show(reservation.pk, now=TEN + 10 * MINUTE)
    other = reserve_place(reservation.service, now=NOW)
    assert other.starts_at == reservation.starts_at
    with pytest.raises(BookingError) as refused:
        undo_no_show(reservation, by=None, reason="来ていた", now=TEN + 12 * MINUTE)
    assert refused.value.code == "counselor_busy"


def test_a_no_show_that_is_undone_queues_like_a_new_reservation(awaited: Reserve) -> None:
    """Seeker, counselor, host, reservation (ADR 2): the constraint alone may answer two at once with a deadlock."""
    reservation = awaited()
    Counselor.objects.update(meeting_host=None)  # the host is one of the pool now
    mark_no_show(reservation.pk, now=TEN + 10 * MINUTE)
    with CaptureQueriesContext(connection) as queries:
        undo_no_show(reservation, by=None, reason="来ていた", now=TEN + 12 * MINUTE)
    locked = [re.search(r'FROM "(\w+)"', query["sql"])[1] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert locked == ["accounts_user", "booking_counselor", "booking_meetinghost", "booking_reservation"]


def test_a_session_cannot_end_before_it_began(reserve_place: Reserve) -> None:
    reservation = reserve_place()
    with pytest.raises(BookingError) as refused:
        complete(reservation, by=None, now=TEN - SECOND)
    assert refused.value.code == "not_started"
    assert complete(reservation, by=None, now=TEN).status == ReservationStatus.COMPLETED


def test_sessions_to_which_the_seeker_came_or_called_are_completed_after_their_end(
    reserve_place: Reserve, freeze: object
) -> None:
    came, called, neither = (reserve_place() for _person in range(3))
    check_in(came, by=came.seeker, now=TEN)
    mark_contacted(called, by=None, now=TEN)
    freeze(TEN + 30 * MINUTE - SECOND)
    assert complete_past_sessions() == 0
    freeze(TEN + 30 * MINUTE)
    assert complete_past_sessions() == 2
    assert status_of(neither) == ReservationStatus.CONFIRMED


def test_topic_and_link_are_erased_in_time(reserve_place: Reserve, freeze: object) -> None:
    reservation = reserve_place()
    Reservation.objects.filter(pk=reservation.pk).update(topic="退職の相談")
    reservation.meetings.update(
        state=MeetingState.OPEN, meeting_id="12345678901", join_url="https://zoom.us/j/1", passcode="abc"
    )
    end = TEN + 30 * MINUTE
    freeze(end + timedelta(days=1) - SECOND)
    purge_personal_data()
    assert reservation.meetings.get().join_url
    freeze(end + timedelta(days=1))
    purge_personal_data()
    assert (reservation.meetings.get().join_url, reservation.meetings.get().passcode) == ("", "")
    freeze(end + timedelta(days=90) - SECOND)
    purge_personal_data()
    reservation.refresh_from_db()
    assert reservation.topic
    freeze(end + timedelta(days=90))
    purge_personal_data()
    reservation.refresh_from_db()
    assert reservation.topic == ""


@pytest.mark.parametrize(
    "change", ["UPDATE booking_reservationevent SET reason = 'x'", "DELETE FROM booking_reservationevent"]
)
def test_the_history_cannot_be_rewritten(reserve_place: Reserve, change: str) -> None:
    reserve_place()
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute(change)


def test_without_the_trigger_the_history_could_be_rewritten(reserve_place: Reserve) -> None:
    reserve_place()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER append_only ON booking_reservationevent")
        cursor.execute("UPDATE booking_reservationevent SET reason = 'x'")
    assert ReservationEvent.objects.filter(reason="x").exists()
