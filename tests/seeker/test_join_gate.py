"""The join gate: mails and pages lead to the portal, and only its button leads on, at its time, to the right meeting."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking.enums import Action, MeetingState, ReservationStatus
from booking.flows.move import move
from booking.flows.online_meeting import give_up_meeting
from booking.flows.reserve import consenting
from booking.guest_access import personal_url
from booking.mails.base import new_mail
from booking.models import Guest, OnlineMeeting, Reservation
from booking.views.seeker import reservations
from mailing.composers import compose
from tests.factories import NOW, ReservationFactory, jst
from tests.seeker.conftest import agree
from tests.seeker.test_reservations import JOIN_URL, meeting, reservation, url
from tests.staff.conftest import client_of, world

__all__ = ["client_of", "meeting", "reservation", "world"]

TEN = jst(6, 2, 10)
OPENS = TEN - timedelta(minutes=10)


def test_the_way_in_tells_nobody_where_it_comes_from_and_is_kept_nowhere(
    signed_in, reservation, meeting, freeze
) -> None:
    freeze(OPENS)
    answer = signed_in.post(url("join", reservation))
    assert answer.url == JOIN_URL
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.requirement("K-24")
def test_the_click_is_evidence_once_however_often_it_is_repeated(signed_in, reservation, meeting, freeze) -> None:
    for seconds in (0, 10, 20):
        freeze(OPENS + timedelta(seconds=seconds))
        signed_in.post(url("join", reservation))
    reservation.refresh_from_db()
    assert reservation.checked_in_at == OPENS
    assert reservation.events.filter(action=Action.CHECK_IN).count() == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_gate_notes_nothing(signed_in, reservation, meeting, freeze, method) -> None:
    """Mail scanners and browsers that read ahead open links."""
    freeze(TEN)
    assert getattr(signed_in, method)(url("join", reservation)).url == url("reservation", reservation)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.checked_in_at) == (ReservationStatus.CONFIRMED, None)


# --- Moved ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def moved(reservation, meeting) -> Reservation:
    """To Wednesday 11:00, with the same counselor: the meeting stays, and Zoom has not heard of its new time yet."""
    OnlineMeeting.objects.update(host=reservation.meeting_host_id)
    move(reservation, starts_at=jst(6, 3, 11), counselor=reservation.counselor, by=reservation.seeker, now=NOW)
    return Reservation.objects.get(pk=reservation.pk)


def test_the_link_in_an_old_mail_leads_to_the_page_of_the_new_time(signed_in, reservation, moved) -> None:
    page = signed_in.get(url("reservation", reservation)).content.decode()
    assert "6月3日" in page
    assert "6月2日(火) 10:00" not in page


def test_at_the_old_time_a_moved_reservation_leads_nowhere(signed_in, moved, freeze) -> None:
    freeze(TEN)
    assert signed_in.post(url("join", moved)).url == url("reservation", moved)
    moved.refresh_from_db()
    assert moved.checked_in_at is None


def test_a_meeting_that_zoom_still_has_at_the_old_time_can_be_entered_at_the_new_one(signed_in, moved, freeze) -> None:
    assert moved.meetings.get().state == MeetingState.CHANGING
    freeze(jst(6, 3, 11))
    assert signed_in.post(url("join", moved)).url == JOIN_URL


def test_with_another_host_the_old_meeting_is_never_entered(signed_in, reservation, meeting, freeze, service) -> None:
    other = service.counselors.exclude(pk=reservation.counselor_id).first()
    move(reservation, starts_at=jst(6, 3, 11), counselor=other, by=reservation.seeker, now=NOW)
    freeze(jst(6, 3, 11))
    assert signed_in.post(url("join", reservation)).url == url("reservation", reservation)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CHECKED_IN  # the person is there; the meeting follows


# --- Over -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status",
    [
        ReservationStatus.STOPPED,
        ReservationStatus.OFFICE_ABSENT,
        ReservationStatus.NO_SHOW,
        ReservationStatus.CANCELLED_BY_OFFICE,
        ReservationStatus.COMPLETED,
    ],
)
def test_what_is_over_leads_to_its_page(signed_in, reservation, meeting, freeze, status) -> None:
    Reservation.objects.update(status=status)
    freeze(TEN)
    assert signed_in.post(url("join", reservation)).url == url("reservation", reservation)


def cancelled_meanwhile(monkeypatch, *, with_guard: bool) -> None:
    """Somebody cancels between the note of the entry and the way in."""
    note = reservations.check_in

    def check_in(shown: Reservation, **how: object) -> Reservation:
        noted = note(shown, **how)
        if with_guard:
            give_up_meeting(noted, now=TEN)
        Reservation.objects.update(status=ReservationStatus.CANCELLED_BY_OFFICE)
        return noted

    monkeypatch.setattr(reservations, "check_in", check_in)


def test_who_cancels_at_the_same_moment_has_closed_the_way(
    signed_in, reservation, meeting, freeze, monkeypatch
) -> None:
    freeze(TEN)
    cancelled_meanwhile(monkeypatch, with_guard=True)
    assert signed_in.post(url("join", reservation)).url == url("reservation", reservation)


def test_it_is_the_meeting_given_up_with_the_cancellation_that_closes_it(
    signed_in, reservation, meeting, freeze, monkeypatch
) -> None:
    freeze(TEN)
    cancelled_meanwhile(monkeypatch, with_guard=False)
    assert signed_in.post(url("join", reservation)).url == JOIN_URL


# --- Guests, other software -------------------------------------------------------------------------------------------


def test_a_guest_passes_the_same_gate(service, meeting, reservation, freeze, settings) -> None:
    guest = Guest.objects.create(email="hanako@mail.example")
    agree(consenting(guest), [service.terms, service.software_terms])
    Reservation.objects.filter(pk=reservation.pk).update(seeker=None, guest=guest)
    asked = Reservation.objects.get(pk=reservation.pk)
    browser = Client()
    assert browser.post(url("join", asked)).url.startswith(reverse("account_login"))
    for moment, way in [(OPENS - timedelta(seconds=1), url("reservation", asked)), (OPENS, JOIN_URL)]:
        freeze(moment)
        browser.get(personal_url(asked).removeprefix(settings.PORTAL_URL))
        assert browser.post(url("join", asked)).url == way


@pytest.mark.parametrize(("moment", "leads_on"), [(OPENS - timedelta(seconds=1), False), (OPENS, True)])
def test_a_pasted_link_passes_the_same_gate(signed_in, reservation, meeting, freeze, moment, leads_on) -> None:
    link = "https://teleoffice.example/room/1"
    OnlineMeeting.objects.update(software="link", join_url=link, meeting_id="")
    freeze(moment)
    assert (signed_in.post(url("join", reservation)).url == link) is leads_on


# --- No other way -----------------------------------------------------------------------------------------------------


def test_no_page_of_the_person_or_of_staff_shows_the_link(
    signed_in, reservation, meeting, freeze, world, client_of
) -> None:
    freeze(TEN)
    pages = [signed_in.get(url(name, reservation)) for name in ("reservation", "done", "cancel", "calendar_file")]
    pages.append(signed_in.get(reverse("booking:my_page")))
    staff = client_of(world.national)
    pages += [
        staff.get(f"/admin/booking/reservation/{reservation.pk}/change/"),
        staff.get(f"/admin/day/?date=2026-06-02&office={reservation.office.number}"),
    ]
    for page in pages:
        assert "zoom.us/j/" not in page.content.decode()
        assert "pwd=" not in page.content.decode()


KINDS = ["reservation_confirmed", "reminder_day_before", "reminder_hour_before", "new_link", "moved"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_mail_contains_the_link(reservation, meeting, kind) -> None:
    occurrence = "" if kind == "new_link" else None
    context = {"from": TEN.isoformat(), "reason": ""}
    mail = new_mail(kind, reservation, due_at=NOW, occurrence=occurrence, context=context)
    message = compose(mail, now=NOW)
    text = message.subject + message.body + (message.calendar.content.decode() if message.calendar else "")
    assert "zoom.us" not in text
    assert "pwd=" not in text
    assert f"/reservations/{reservation.number}/" in text


def test_another_reservation_of_the_same_person_has_its_own_gate(
    signed_in, reservation, meeting, service, freeze
) -> None:
    other = ReservationFactory.create(
        service=service, counselor=service.counselors.last(), seeker=reservation.seeker, starts_at=jst(6, 2, 11)
    )
    freeze(TEN)
    assert signed_in.post(url("join", other)).url == url("reservation", other)
