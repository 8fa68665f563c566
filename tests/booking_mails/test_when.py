"""Which mail about a reservation goes out when, and which not at all."""

from datetime import timedelta

import pytest
from django.db import transaction

from booking.enums import MailKind, MeetingState, ReservationStatus
from booking.mails import reservations as mails
from booking.models import OnlineMeeting, Reservation, ReservationEvent
from mailing.models import MailState, OutgoingMail
from mailing.queue import wake
from tests.booking_mails.conftest import SECOND, START
from tests.factories import NOW, jst

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
REMINDERS = [MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR]


def kinds() -> set[str]:
    return set(OutgoingMail.objects.values_list("kind", flat=True))


def due(kind: str):
    return OutgoingMail.objects.get(kind=kind).due_at


def change(reservation: Reservation, **fields) -> None:
    Reservation.objects.filter(pk=reservation.pk).update(**fields)


# --- Confirmation ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("K-18")
@pytest.mark.requirement("S-32")
def test_the_confirmation_waits_until_the_meeting_is_open(book, send_kind, open_meeting, smtp_server):
    book()
    waiting = send_kind(MailKind.CONFIRMED, now=NOW + timedelta(seconds=30))
    assert waiting.state == MailState.QUEUED
    assert not smtp_server.messages
    open_meeting()
    wake(waiting.cause, now=NOW + timedelta(seconds=31))
    assert send_kind(MailKind.CONFIRMED, now=NOW + timedelta(seconds=31)).state == MailState.SENT


def test_the_confirmation_goes_out_at_once_when_the_meeting_is_known(book, open_meeting):
    open_meeting()
    book()
    assert due(MailKind.CONFIRMED) == NOW
    assert MailKind.LINK_FOLLOWS not in kinds()


@pytest.mark.parametrize(
    "state", [MeetingState.REQUESTED, MeetingState.UNKNOWN, MeetingState.FAILED, MeetingState.CLOSING]
)
def test_a_meeting_that_is_not_open_confirms_nothing(book, send_kind, open_meeting, state):
    book()
    open_meeting()
    OnlineMeeting.objects.update(state=state)
    assert send_kind(MailKind.CONFIRMED, now=NOW + MINUTE).state == MailState.QUEUED


def test_a_confirmation_is_queued_once_however_often_the_flow_runs(book):
    book()
    book()
    assert OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).count() == 1


@pytest.mark.parametrize(
    "status",
    [ReservationStatus.CANCELLED_BY_SEEKER, ReservationStatus.CANCELLED_BY_OFFICE, ReservationStatus.NO_SHOW],
)
def test_a_cancellation_makes_the_unsent_confirmation_superfluous(book, send_kind, open_meeting, smtp_server, status):
    reservation = book()
    open_meeting()
    change(reservation, status=status)
    assert send_kind(MailKind.CONFIRMED, now=NOW + MINUTE).state == MailState.SUPERSEDED
    assert not smtp_server.messages


@pytest.mark.parametrize(
    ("after", "sent"), [(15 * MINUTE - SECOND, False), (15 * MINUTE, True)], ids=["14:59 later", "15:00 later"]
)
def test_without_a_meeting_for_15_minutes_a_mail_says_that_the_link_follows(book, send_kind, after, sent):
    book()
    assert (send_kind(MailKind.LINK_FOLLOWS, now=NOW + after).state == MailState.SENT) is sent


def test_the_mail_about_the_late_link_is_not_sent_when_the_meeting_is_open(book, send_kind, open_meeting):
    book()
    open_meeting()
    assert send_kind(MailKind.LINK_FOLLOWS, now=NOW + 15 * MINUTE).state == MailState.SUPERSEDED


def test_after_the_late_link_mail_the_confirmation_follows(book, send_kind, open_meeting):
    book()
    send_kind(MailKind.LINK_FOLLOWS, now=NOW + 15 * MINUTE)
    open_meeting()
    assert send_kind(MailKind.CONFIRMED, now=NOW + 40 * MINUTE).state == MailState.SENT


# --- Reminders ------------------------------------------------------------------------------------------------------


def test_the_reminders_are_due_the_day_before_at_the_offices_hour_and_one_hour_before(book):
    book()
    assert due(MailKind.REMINDER_DAY) == jst(6, 1, 15)
    assert due(MailKind.REMINDER_HOUR) == jst(6, 2, 9)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (jst(6, 1, 14, 59, 59), set(REMINDERS)),
        (jst(6, 1, 15), {MailKind.REMINDER_HOUR}),
        (START - timedelta(minutes=60, seconds=1), {MailKind.REMINDER_HOUR}),
        (START - timedelta(minutes=60), set()),
        (START - timedelta(minutes=59, seconds=59), set()),
    ],
    ids=["just before the day's reminder", "at its moment", "60:01 before", "60:00 before", "59:59 before"],
)
def test_a_booking_younger_than_the_lead_time_gets_no_reminder(book, now, expected):
    book(now=now)
    assert kinds() & set(REMINDERS) == expected


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (START - timedelta(minutes=60, seconds=1), MailState.QUEUED),
        (START - timedelta(minutes=60), MailState.SENT),
        (START - timedelta(minutes=59, seconds=59), MailState.SENT),
        (START - SECOND, MailState.SENT),
        (START, MailState.SUPERSEDED),
    ],
    ids=["60:01 before", "60:00 before", "59:59 before", "one second before the start", "at the start"],
)
def test_the_hour_reminder_goes_out_from_one_hour_before_until_the_start(book, send_kind, now, state):
    book()
    assert send_kind(MailKind.REMINDER_HOUR, now=now).state == state


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (jst(6, 1, 14, 59, 59), MailState.QUEUED),
        (jst(6, 1, 15), MailState.SENT),
        (START - timedelta(minutes=60, seconds=1), MailState.SENT),
        (START - timedelta(minutes=60), MailState.SUPERSEDED),
    ],
    ids=["a second too early", "at the office's hour", "late, but before the last hour", "in the last hour"],
)
def test_the_day_reminder_goes_out_from_its_hour_until_the_other_one_takes_over(book, send_kind, now, state):
    book()
    assert send_kind(MailKind.REMINDER_DAY, now=now).state == state


@pytest.mark.parametrize("kind", REMINDERS)
@pytest.mark.parametrize(
    "status",
    [ReservationStatus.CANCELLED_BY_SEEKER, ReservationStatus.CANCELLED_BY_OFFICE, ReservationStatus.COMPLETED],
)
def test_nobody_is_reminded_of_what_was_cancelled_in_between(book, send_kind, smtp_server, kind, status):
    reservation = book()
    change(reservation, status=status)
    assert send_kind(kind, now=due(kind)).state == MailState.SUPERSEDED
    assert not smtp_server.messages


@pytest.mark.parametrize("kind", REMINDERS)
def test_nobody_is_reminded_of_a_time_that_was_moved(book, send_kind, smtp_server, kind):
    reservation = book()
    ends_at = START + timedelta(days=1, minutes=30)
    change(
        reservation,
        starts_at=START + timedelta(days=1),
        ends_at=ends_at,
        host_until=ends_at,
        calendar_sequence=1,
    )
    assert send_kind(kind, now=due(kind)).state == MailState.SUPERSEDED
    assert not smtp_server.messages


def test_a_moved_reservation_gets_reminders_of_its_own(book, reservation):
    book()
    reservation.starts_at, reservation.calendar_sequence = START + timedelta(days=1), 1
    book()
    hours = OutgoingMail.objects.filter(kind=MailKind.REMINDER_HOUR).order_by("due_at")
    assert [mail.due_at for mail in hours] == [jst(6, 2, 9), jst(6, 3, 9)]


def test_who_is_in_the_waiting_room_already_is_still_reminded(book, send_kind):
    change(book(), status=ReservationStatus.CHECKED_IN)
    assert send_kind(MailKind.REMINDER_HOUR, now=START - timedelta(minutes=30)).state == MailState.SENT


def test_a_reminder_goes_out_once(book, send_kind, smtp_server):
    book()
    for second in range(3):
        send_kind(MailKind.REMINDER_HOUR, now=jst(6, 2, 9, 0, second))
    assert len(smtp_server.messages) == 1


# --- Cancellation, no-show, new link --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_office", "status", "kind"),
    [
        (False, ReservationStatus.CANCELLED_BY_SEEKER, MailKind.CANCELLED_BY_SEEKER),
        (True, ReservationStatus.CANCELLED_BY_OFFICE, MailKind.CANCELLED_BY_OFFICE),
    ],
    ids=["by the seeker", "by the office"],
)
def test_who_cancelled_decides_which_mail_goes_out(reservation, send_kind, by_office, status, kind):
    change(reservation, status=status)
    mails.queue_cancellation(reservation, by_office=by_office, reason="相談員の急な不在", now=NOW)
    assert send_kind(kind, now=NOW).state == MailState.SENT


def test_a_no_show_that_was_undone_is_not_told(reservation, send_kind, smtp_server):
    mails.queue_no_show(reservation, now=NOW)
    assert send_kind(MailKind.NO_SHOW, now=NOW).state == MailState.SUPERSEDED
    assert not smtp_server.messages


@pytest.mark.requirement("K-24")
def test_a_no_show_is_told_once_for_each_time_that_it_happens(reservation):
    for _time in range(2):
        ReservationEvent.objects.create(
            reservation=reservation, at=NOW, action="mark_no_show", to_status=ReservationStatus.NO_SHOW
        )
        mails.queue_no_show(reservation, now=NOW)
        mails.queue_no_show(reservation, now=NOW)
    assert OutgoingMail.objects.filter(kind=MailKind.NO_SHOW).count() == 2


def test_a_new_link_waits_until_its_meeting_is_open(reservation, open_meeting, send_kind):
    meeting = open_meeting()
    OnlineMeeting.objects.update(state=MeetingState.REQUESTED)
    mails.queue_new_link(reservation, now=NOW)
    assert send_kind(MailKind.NEW_LINK, now=NOW + MINUTE).state == MailState.QUEUED
    OnlineMeeting.objects.filter(pk=meeting.pk).update(state=MeetingState.OPEN)
    assert send_kind(MailKind.NEW_LINK, now=NOW + 2 * MINUTE).state == MailState.SENT


def test_a_new_link_that_was_replaced_again_is_not_told(reservation, open_meeting, send_kind):
    open_meeting()
    mails.queue_new_link(reservation, now=NOW)
    OnlineMeeting.objects.update(state=MeetingState.CLOSED)
    open_meeting()
    assert send_kind(MailKind.NEW_LINK, now=NOW + MINUTE).state == MailState.SUPERSEDED


# --- Address --------------------------------------------------------------------------------------------------------


def test_the_mail_goes_to_the_address_that_the_seeker_has_today(book, send_kind, smtp_server):
    seeker = book().seeker
    seeker.email = "new@mail.example"
    seeker.save()
    send_kind(MailKind.REMINDER_HOUR, now=jst(6, 2, 9))
    assert len(smtp_server.to("new@mail.example")) == 1


def test_after_the_account_is_deleted_the_last_mail_goes_to_the_address_it_had(reservation, send_kind, smtp_server):
    mails.queue_cancellation(reservation, by_office=False, reason="", now=NOW)
    change(reservation, status=ReservationStatus.CANCELLED_BY_SEEKER)
    reservation.seeker.email, reservation.seeker.is_active = "deleted-1@deleted.invalid", False
    reservation.seeker.save()
    send_kind(MailKind.CANCELLED_BY_SEEKER, now=NOW)
    assert len(smtp_server.to("seeker@mail.example")) == 1


@pytest.mark.requirement("X-06")
def test_a_mail_that_cannot_be_delivered_leaves_the_reservation_standing(book, send_kind, open_meeting, smtp_server):
    open_meeting()
    reservation = book()
    smtp_server.refuse_recipients["seeker@mail.example"] = "550 5.1.1 unknown"
    assert send_kind(MailKind.CONFIRMED, now=NOW).state == MailState.FAILED
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CONFIRMED


@pytest.mark.django_db(transaction=True)
def test_mails_vanish_with_a_booking_that_is_rolled_back(reservation):
    with transaction.atomic():
        mails.queue_reservation_mails(reservation, now=NOW)
        transaction.set_rollback(True)
    assert not OutgoingMail.objects.exists()
