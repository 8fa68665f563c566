"""The calendar files of one reservation as they arrive over SMTP, read back as a calendar reads them.

Booked, moved and cancelled by the real flows; the rules are those of domain-and-standards E.
"""

import email
import email.policy
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar

from booking.enums import Action, MailKind, MeetingState, ReservationStatus
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.hold import hold
from booking.flows.move import move, move_by_office
from booking.flows.no_show import mark_no_show
from booking.flows.reserve import ReservationDetails, reserve
from booking.mails.move import queue_move
from booking.mails.reservations import queue_new_link
from booking.models import OnlineMeeting, Reservation
from booking.transitions import apply
from mailing.models import OutgoingMail
from mailing.sending import send
from tests.booking_mails.test_invitations import event_of, invitation_in
from tests.factories import NOW, SeekerFactory, bookable_service, jst, slots_of
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
DETAILS = ReservationDetails(name="見本 花子", phone="090-1234-5678", phone_e164="+819012345678")
WEDNESDAY = jst(6, 3, 11)

Arrive = Callable[..., EmailMessage]


@pytest.fixture
def reservation(smtp_server: MailServer) -> Reservation:
    """Booked on Monday for Tuesday 10:00; the meeting is open, no mail is sent yet."""
    service = bookable_service(counselors=2)
    service.office.name = "ハローワーク" + "髙𠮷﨑" * 12  # long enough to be folded inside a character
    service.office.save(update_fields=["name"])
    held = hold(service=service, starts_at=jst(6, 2, 10), seeker=SeekerFactory.create(), now=NOW)
    reserved = reserve(held, details=DETAILS, now=NOW)
    open_meeting(reserved)
    return reserved


def open_meeting(reservation: Reservation) -> None:
    OnlineMeeting.objects.live().filter(reservation=reservation).update(
        state=MeetingState.OPEN, meeting_id="98765432109", join_url="https://zoom.us/j/98765432109", passcode="135790"
    )


@pytest.fixture
def arrive(smtp_server: MailServer) -> Arrive:
    """Send the newest mail of a kind; what the server got, byte for byte."""

    def arrive(kind: MailKind, *, now: datetime = NOW + MINUTE) -> EmailMessage:
        before = len(smtp_server.raw)
        send(OutgoingMail.objects.filter(kind=kind).latest("pk").pk, now=now)
        assert len(smtp_server.raw) == before + 1
        return email.message_from_bytes(smtp_server.raw[-1], EmailMessage, policy=email.policy.default)  # type: ignore[return-value]

    return arrive


def calendar_in(message: EmailMessage) -> Calendar:
    return Calendar.from_ical(invitation_in(message)[1])  # type: ignore[return-value]


def has_calendar(message: EmailMessage) -> bool:
    return any(part.get_content_type() == "text/calendar" for part in message.walk())


@pytest.fixture
def life(reservation: Reservation, arrive: Arrive) -> list[EmailMessage]:
    """Booked; moved by the person; moved by the office; cancelled by the office."""
    messages = [arrive(MailKind.CONFIRMED)]
    move(reservation, starts_at=WEDNESDAY, by=reservation.seeker, now=NOW + MINUTE)
    messages.append(arrive(MailKind.MOVED, now=NOW + 2 * MINUTE))
    slot = next(slot for slot in slots_of(reservation.service, now=NOW) if slot.starts_at == jst(6, 4, 9))
    move_by_office(reservation, slot=slot, by=None, reason="研修のため", now=NOW + 3 * MINUTE)
    messages.append(arrive(MailKind.MOVED, now=NOW + 4 * MINUTE))
    cancel_by_office(reservation, by=None, reason="急な不在", now=NOW + 5 * MINUTE)
    messages.append(arrive(MailKind.CANCELLED_BY_OFFICE, now=NOW + 6 * MINUTE))
    return messages


def events(life: list[EmailMessage]) -> list[Any]:
    return [event_of(invitation_in(message)[1]) for message in life]


def test_one_uid_for_life_and_a_sequence_that_counts_up(life, reservation):
    assert {str(event["UID"]) for event in events(life)} == {f"{reservation.uuid}@yoyaku.hellowork-sample.example"}
    assert [event["SEQUENCE"] for event in events(life)] == [0, 1, 2, 3]
    reservation.refresh_from_db()
    assert reservation.calendar_sequence == 3


def test_later_versions_have_later_stamps(life):
    stamps = [event["DTSTAMP"].dt for event in events(life)]
    assert stamps == sorted(set(stamps))
    assert [event["LAST-MODIFIED"].dt for event in events(life)] == stamps


def test_each_version_names_the_time_of_its_mail(life):
    starts = [event["DTSTART"].dt for event in events(life)]
    assert starts == [jst(6, 2, 10), WEDNESDAY, jst(6, 4, 9), jst(6, 4, 9)]
    assert [event["DTEND"].dt - event["DTSTART"].dt for event in events(life)] == [timedelta(minutes=30)] * 4


def test_requests_then_a_cancel_and_the_header_says_the_same(life):
    methods = ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [invitation_in(message)[0] for message in life] == methods
    assert [str(calendar_in(message)["METHOD"]) for message in life] == methods
    assert [event["STATUS"] for event in events(life)] == ["CONFIRMED"] * 3 + ["CANCELLED"]


def test_the_organizer_is_who_the_mail_is_from_and_the_attendee_who_it_is_to(life):
    for message, event in zip(life, events(life), strict=True):
        (sender,), (recipient,) = message["From"].addresses, message["To"].addresses
        assert event["ORGANIZER"] == f"mailto:{sender.addr_spec}"
        assert event["ATTENDEE"] == f"mailto:{recipient.addr_spec}"


def test_nobody_is_asked_to_answer(life):
    for event in events(life):
        parameters = event["ATTENDEE"].params
        assert (parameters["RSVP"], parameters["PARTSTAT"]) == ("FALSE", "ACCEPTED")
        assert (parameters["CUTYPE"], parameters["ROLE"]) == ("INDIVIDUAL", "REQ-PARTICIPANT")
        assert "予約は取り消されません" in str(event["DESCRIPTION"])


def test_every_version_brings_its_time_zone_also_the_cancellation(life):
    for message in life:
        (zone,) = calendar_in(message).walk("VTIMEZONE")
        assert zone["TZID"] == "Asia/Tokyo"
        (standard,) = zone.walk("STANDARD")
        assert standard["TZOFFSETTO"].td == timedelta(hours=9)
        assert not zone.walk("DAYLIGHT")


def test_only_a_session_that_takes_place_rings(life):
    assert [len(event.walk("VALARM")) for event in events(life)] == [1, 1, 1, 0]


def test_the_address_in_the_calendar_is_the_portals_page_and_never_the_meeting(life):
    for event in events(life):
        assert str(event["URL"]).startswith("https://yoyaku.hellowork-sample.example/reservations/")
        text = event.to_ical().decode()
        assert "zoom.us" not in text
        assert "135790" not in text


def test_lines_arrive_with_crlf_and_at_most_75_octets_and_whole_characters(life):
    for message in life:
        content = invitation_in(message)[1]
        lines = content.split(b"\r\n")
        assert b"\n" not in b"".join(lines)
        assert max(map(len, lines)) <= 75
        assert all(isinstance(line.decode(), str) for line in lines)
        assert any(line.startswith(b" ") for line in lines)


def test_the_attached_file_is_the_same_event(life):
    for message in life:
        (attached,) = message.iter_attachments()
        assert attached.get_filename() == "invite.ics"
        assert attached.get_content_type() == "application/ics"
        assert attached.get_payload(decode=True) == invitation_in(message)[1]


def test_one_event_in_each_file(life):
    assert [len(calendar_in(message).walk("VEVENT")) for message in life] == [1, 1, 1, 1]


def test_the_seekers_own_cancellation_raises_the_sequence_too(reservation, arrive):
    arrive(MailKind.CONFIRMED)
    cancel_by_seeker(reservation, by=reservation.seeker, now=NOW + MINUTE)
    event = event_of(invitation_in(arrive(MailKind.CANCELLED_BY_SEEKER, now=NOW + 2 * MINUTE))[1])
    assert (event["SEQUENCE"], event["STATUS"]) == (1, "CANCELLED")


@pytest.mark.requirement("K-24")
def test_the_ten_minute_rule_takes_nothing_out_of_the_calendar(reservation, arrive):
    """The event is already past."""
    Reservation.objects.filter(pk=reservation.pk).update(counselor_present_at=reservation.starts_at)
    OutgoingMail.objects.all().delete()
    assert mark_no_show(reservation.pk, now=reservation.starts_at + 10 * MINUTE)
    message = arrive(MailKind.NO_SHOW, now=reservation.starts_at + 11 * MINUTE)
    assert not has_calendar(message)
    reservation.refresh_from_db()
    assert reservation.calendar_sequence == 0


def test_a_new_link_changes_nothing_in_the_calendar(reservation, arrive):
    """Its place is the portal's page, which stays: no new version, so no file either."""
    arrive(MailKind.CONFIRMED)
    OnlineMeeting.objects.filter(reservation=reservation).update(state=MeetingState.CLOSED)
    OnlineMeeting.objects.request_for(reservation, now=NOW)
    open_meeting(reservation)
    queue_new_link(reservation, now=NOW)
    assert not has_calendar(arrive(MailKind.NEW_LINK, now=NOW + 2 * MINUTE))
    reservation.refresh_from_db()
    assert reservation.calendar_sequence == 0


def test_reminders_carry_no_second_copy_of_the_version(reservation, arrive):
    arrive(MailKind.CONFIRMED)
    OutgoingMail.objects.filter(kind=MailKind.LINK_FOLLOWS).delete()  # it would have to go first
    assert not has_calendar(arrive(MailKind.REMINDER_DAY, now=jst(6, 1, 15)))
    assert not has_calendar(arrive(MailKind.REMINDER_HOUR, now=jst(6, 2, 9)))


def test_a_move_that_forgot_to_count_would_be_seen(reservation, arrive):
    """The twin: with the stored number left as it was, two different times stand under one SEQUENCE."""
    first = event_of(invitation_in(arrive(MailKind.CONFIRMED))[1])
    Reservation.objects.filter(pk=reservation.pk).update(
        starts_at=WEDNESDAY, ends_at=WEDNESDAY + 30 * MINUTE, meeting_host=None, host_until=None
    )
    reservation.refresh_from_db()
    queue_move(reservation, from_start=jst(6, 2, 10), reason="", now=NOW + MINUTE)
    second = event_of(invitation_in(arrive(MailKind.MOVED, now=NOW + 2 * MINUTE))[1])
    assert first["DTSTART"].dt != second["DTSTART"].dt
    assert first["SEQUENCE"] == second["SEQUENCE"]


def test_a_reservation_that_becomes_firm_by_reply_starts_at_zero(reservation, arrive):
    Reservation.objects.filter(pk=reservation.pk).update(
        status=ReservationStatus.AWAITING_REPLY, hold_expires_at=jst(6, 2, 9)
    )
    reservation.refresh_from_db()
    apply(reservation, Action.CONFIRM, actor=None, now=NOW)
    assert event_of(invitation_in(arrive(MailKind.CONFIRMED))[1])["SEQUENCE"] == 0
