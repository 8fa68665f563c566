"""The calendar file, read back as a calendar reads it (domain-and-standards E)."""

import pytest
from django.db import transaction
from icalendar import Calendar

from booking.enums import MailKind, ReservationStatus
from booking.invitations import calendar_file
from booking.mails import reservations as mails
from booking.models import Reservation
from tests.factories import NOW
from tests.mailing.arrived import only

pytestmark = pytest.mark.django_db


def event_of(content: bytes):
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return event


def invitation_in(message) -> tuple[str, bytes]:
    """The method in the MIME header and the file."""
    (part,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return part["Content-Type"].params["method"], part.get_payload(decode=True)


def test_an_invitation_names_time_place_page_and_nothing_private(reservation):
    event = event_of(calendar_file(reservation, method="REQUEST", now=NOW).content)
    assert event["UID"] == f"{reservation.uuid}@yoyaku.hellowork-sample.example"
    assert event["SUMMARY"] == "オンライン相談（ハローワーク見本中央）"
    assert event["LOCATION"] == "オンライン（Zoom）"
    assert event["URL"] == "https://yoyaku.hellowork-sample.example/reservations/ABCD2345/"
    assert event["CLASS"] == "PRIVATE"
    assert event["STATUS"] == "CONFIRMED"
    assert "前の職場" not in str(event.to_ical(), "utf-8")
    assert "13010" not in str(event.to_ical(), "utf-8")


def test_times_are_told_in_japan_time_with_its_zone(reservation):
    content = calendar_file(reservation, method="REQUEST", now=NOW).content.decode()
    assert "DTSTART;TZID=Asia/Tokyo:20260602T100000" in content
    assert "DTEND;TZID=Asia/Tokyo:20260602T103000" in content
    assert "BEGIN:VTIMEZONE" in content
    assert "DTSTAMP:20260601T010000Z" in content
    assert "LAST-MODIFIED:20260601T010000Z" in content


def test_the_seeker_has_accepted_and_need_not_answer(reservation):
    attendee = event_of(calendar_file(reservation, method="REQUEST", now=NOW).content)["ATTENDEE"]
    assert attendee == "mailto:seeker@mail.example"
    assert (attendee.params["PARTSTAT"], attendee.params["RSVP"]) == ("ACCEPTED", "FALSE")


def test_a_published_file_has_an_organizer_and_no_attendee(reservation):
    calendar = Calendar.from_ical(calendar_file(reservation, method="PUBLISH", now=NOW).content)
    event = event_of(calendar.to_ical())
    assert calendar["METHOD"] == "PUBLISH"
    assert "ORGANIZER" in event
    assert "ATTENDEE" not in event


def test_the_published_file_of_a_cancelled_reservation_says_so(reservation):
    reservation.status = ReservationStatus.CANCELLED_BY_OFFICE
    assert event_of(calendar_file(reservation, method="PUBLISH", now=NOW).content)["STATUS"] == "CANCELLED"


def test_lines_end_with_crlf_and_have_at_most_75_octets(reservation):
    reservation.office.name = "ハローワーク" + "髙𠮷" * 20
    content = calendar_file(reservation, method="REQUEST", now=NOW).content
    lines = content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(len(line) for line in lines) <= 75
    assert all(line.decode() or line == b"" for line in lines)
    assert event_of(content)["SUMMARY"] == f"オンライン相談（{reservation.office.name}）"


def test_a_comma_or_line_break_in_the_offices_name_starts_no_property(reservation):
    reservation.office.name = "見本,中央;1\r\nATTENDEE:mailto:evil@mail.example"
    event = event_of(calendar_file(reservation, method="PUBLISH", now=NOW).content)
    assert "ATTENDEE" not in event


def test_booked_moved_cancelled_keeps_the_uid_and_counts_up(reservation):
    steps = [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)]
    events = []
    for method, sequence in steps:
        reservation.calendar_sequence = sequence
        events.append(event_of(calendar_file(reservation, method=method, now=NOW).content))
    assert len({str(event["UID"]) for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    assert events[-1]["STATUS"] == "CANCELLED"


def test_the_confirmation_carries_the_invitation_under_its_own_method_and_sender(
    book, open_meeting, send_kind, smtp_server
):
    open_meeting()
    book()
    send_kind(MailKind.CONFIRMED, now=NOW)
    method, content = invitation_in(only(smtp_server))
    (sender,) = only(smtp_server)["From"].addresses
    assert method == Calendar.from_ical(content)["METHOD"] == "REQUEST"
    assert event_of(content)["ORGANIZER"] == f"mailto:{sender.addr_spec}"


@pytest.mark.parametrize(
    ("by_office", "status"),
    [(False, ReservationStatus.CANCELLED_BY_SEEKER), (True, ReservationStatus.CANCELLED_BY_OFFICE)],
    ids=["by the seeker", "by the office"],
)
def test_a_cancellation_takes_the_event_out_of_the_calendar(reservation, send_kind, smtp_server, by_office, status):
    Reservation.objects.update(status=status, calendar_sequence=1)
    reservation.refresh_from_db()
    with transaction.atomic():
        mails.queue_cancellation(reservation, by_office=by_office, reason="不在", now=NOW)
    send_kind(str(status), now=NOW)
    method, content = invitation_in(only(smtp_server))
    assert method == Calendar.from_ical(content)["METHOD"] == "CANCEL"
    assert event_of(content)["SEQUENCE"] == 1


def test_the_first_mail_carries_the_invitation_and_the_second_does_not_repeat_it(
    book, open_meeting, send_kind, smtp_server
):
    book()
    send_kind(MailKind.LINK_FOLLOWS, now=NOW + mails.LINK_FOLLOWS_AFTER)
    open_meeting()
    send_kind(MailKind.CONFIRMED, now=NOW + 2 * mails.LINK_FOLLOWS_AFTER)
    first, second = smtp_server.messages
    assert invitation_in(first)[0] == "REQUEST"
    assert second.get_content_type() == "text/plain"
