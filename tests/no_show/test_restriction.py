"""An office closes its online booking to a person: every way is closed, staff decide and lift, the words are neutral."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.deletion import delete_account, notices_for
from audit.models import AuditRecord
from booking.admission import admission
from booking.enums import BookingWay, Ground, ReservationStatus
from booking.errors import BookingError
from booking.flows.hold import hold
from booking.flows.reserve import ReservationDetails, reserve
from booking.flows.restrict import lift, restrict
from booking.guest_retention import forget_guests
from booking.mails.consequences import default_text
from booking.models import Guest, Reservation, Restriction
from booking.models.restriction import RestrictionQuerySet
from booking.rules.neutral_words import is_neutral
from mailing.models import OutgoingMail
from mailing.sending import send
from tests.factories import NOW, ReservationFactory, SeekerFactory, bookable_service, jst
from tests.mailing.arrived import only, text_of
from tests.staff.conftest import World

ROOT = Path(__file__).resolve().parents[2]
TEXT = "お電話ください。電話 0000-00-0000"
OTHER_GROUNDS = [ground for ground in Ground if ground != Ground.NO_SHOWS]


def close(world: World, person: object, **fields: object) -> Restriction:
    values = {"office": world.office, "ground": Ground.HINDERING, "reason": "暴言", "text": TEXT, "ends_on": None}
    return restrict(person, **{**values, "by": world.manager, "now": NOW, **fields})


def codes(world: World, person: object, *, now=NOW, **fields: object) -> list[str]:
    asked = admission(person, service=world.reservation.service, starts_at=jst(6, 9, 10), now=now, **fields)
    return [refusal.code for refusal in asked.refusals()]


@pytest.mark.requirement("J-32", "K-33", "H-33", "S-42", "K-25", "H-28", "S-28")
@pytest.mark.parametrize("way", BookingWay)
@pytest.mark.parametrize("has_account", [True, False], ids=["account", "guest"])
def test_whatever_the_way_the_restricted_person_is_refused(world: World, way: BookingWay, has_account: bool) -> None:
    person = SeekerFactory() if has_account else Guest.objects.create(email="guest@mail.example")
    assert "restricted" not in codes(world, person, ways=frozenset({way}))
    close(world, person)
    assert codes(world, person, ways=frozenset({way}))[0] == "restricted"


@pytest.mark.requirement("K-25", "J-32")
@pytest.mark.parametrize("closed_to", ["account", "guest"])
def test_the_account_and_the_guest_with_the_same_mail_address_are_one_person(world: World, closed_to: str) -> None:
    account = SeekerFactory(email="same@mail.example")
    guest = Guest.objects.create(email="same@mail.example")
    close(world, account if closed_to == "account" else guest)
    for person in (SeekerFactory._meta.model.objects.get(pk=account.pk), Guest.objects.get(pk=guest.pk)):
        assert "restricted" in codes(world, person)


@pytest.mark.requirement("J-32", "J-13")
@pytest.mark.parametrize(
    ("ends_on", "is_kept"),
    [pytest.param(date(2026, 6, 1), True, id="its last day"), pytest.param(date(2026, 5, 31), False, id="over")],
)
def test_deleting_the_account_is_no_way_around_it(world: World, ends_on: date, is_kept: bool) -> None:
    """Whoever registers anew with the address is the same person; after the end nothing of it is kept."""
    person = SeekerFactory(email="same@mail.example")
    closed = close(world, person)
    Restriction.objects.filter(pk=closed.pk).update(begins_on=date(2026, 5, 1), ends_on=ends_on)
    told = " ".join(notice.text for notice in notices_for(person, now=NOW))
    delete_account(person, now=NOW, request=None)
    assert ("利用制限が終わるまで" in told) is is_kept
    assert ("restricted" in codes(world, SeekerFactory(email="same@mail.example"))) is is_kept
    assert Guest.objects.exists() is is_kept
    forget_guests(jst(6, 3))
    assert not Guest.objects.filter(email="same@mail.example").exists()


def test_other_offices_are_not_concerned(world: World) -> None:
    person = SeekerFactory()
    close(world, person)
    service = world.foreign_reservation.service
    asked = admission(person, service=service, starts_at=jst(6, 9, 10), now=NOW)
    assert "restricted" not in [refusal.code for refusal in asked.refusals()]


@pytest.mark.parametrize(
    ("ends_on", "moment", "is_closed"),
    [
        pytest.param(date(2026, 6, 3), jst(6, 3, 23, 59, 59), True, id="the last second of the last day"),
        pytest.param(date(2026, 6, 3), jst(6, 4), False, id="the first moment after it"),
        pytest.param(None, jst(6, 1, year=2027), True, id="without an end"),
    ],
)
def test_it_ends_with_its_last_day_in_japan(world: World, ends_on, moment, is_closed: bool) -> None:
    person = SeekerFactory()
    close(world, person, ends_on=ends_on)
    assert ("restricted" in codes(world, person, now=moment)) is is_closed


@pytest.mark.requirement("K-25", "J-32")
def test_who_is_restricted_while_typing_the_details_does_not_slip_through(world: World) -> None:
    seeker = SeekerFactory()
    held = hold(service=world.reservation.service, starts_at=jst(6, 9, 10), seeker=seeker, now=NOW)
    close(world, seeker)
    details = ReservationDetails(name="x", phone="090-1234-5678", phone_e164="+819012345678")
    with pytest.raises(BookingError) as refused:
        reserve(held, details=details, now=NOW)
    assert refused.value.code == "restricted"


def test_the_person_reads_whom_to_call(world: World, client_of) -> None:
    service = bookable_service(office=world.office)
    seeker = SeekerFactory()
    close(world, seeker)
    with pytest.raises(BookingError, match=re.escape(world.office.phone)) as refused:
        hold(service=service, starts_at=jst(6, 9, 10), seeker=seeker, now=NOW)
    assert refused.value.code == "restricted"


def test_without_the_row_being_found_everybody_could_book(world: World, monkeypatch) -> None:
    """The twin: the question of booking.admission is what closes the door."""
    seeker = SeekerFactory()
    close(world, seeker)
    monkeypatch.setattr(RestrictionQuerySet, "in_force", lambda rows, _on: rows.none())
    assert "restricted" not in codes(world, seeker)


def test_restricting_locks_the_person_like_booking_does(world: World) -> None:
    seeker = SeekerFactory()
    with CaptureQueriesContext(connection) as queries:
        close(world, seeker)
    locked = [q["sql"] for q in queries if "FOR NO KEY UPDATE" in q["sql"]]
    assert ["accounts_user" in sql for sql in locked] == [True]


# --- The decision -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("J-32", "J-35", "J-26", "U-30", "K-33", "H-33", "S-42")
@pytest.mark.parametrize("ground", OTHER_GROUNDS)
def test_every_ground_has_a_neutral_text_with_the_phone(world: World, ground: Ground) -> None:
    text = default_text(world.office, ground=ground)
    assert world.office.phone in text
    assert is_neutral(text)
    assert str(ground.label) not in text or ground == Ground.REGISTRATION_TO_CHECK


@pytest.mark.requirement("J-35", "X-15")
def test_what_is_to_be_checked_is_the_registration(world: World) -> None:
    assert "窓口で登録内容の確認をお願いします" in default_text(world.office, ground=Ground.REGISTRATION_TO_CHECK)


@pytest.mark.requirement("J-35", "X-15")
@pytest.mark.parametrize("word", ["国籍", "在留", "外国人", "ビザ"])
def test_a_text_that_names_them_is_refused(world: World, word: str) -> None:
    with pytest.raises(BookingError) as refused:
        close(world, SeekerFactory(), text=f"{word}の確認をお願いします。")
    assert refused.value.code == "words_not_neutral"
    assert not Restriction.objects.exists()


@pytest.mark.requirement("J-35", "X-15")
def test_no_model_and_no_form_has_a_field_for_nationality_or_residence() -> None:
    words = re.compile("国籍|在留|nationality|residence|visa", re.IGNORECASE)
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    assert [f for f in fields if words.search(f"{f.name} {getattr(f, 'verbose_name', '')}")] == []
    labels = re.compile(r"<(label|legend|input|select|textarea)[^>]*>[^<]*(国籍|在留)")
    pages = sorted((ROOT / "templates").rglob("*.html"))
    assert [str(page) for page in pages if labels.search(page.read_text())] == []


@pytest.mark.requirement("K-25", "J-32", "J-35")
def test_the_mail_is_the_text_of_staff_and_until_when(world: World, smtp_server) -> None:
    close(world, world.reservation.seeker, reservation=world.reservation, ends_on=date(2026, 7, 2))
    mail = OutgoingMail.objects.get(kind="restricted")
    send(mail.pk, now=NOW)
    text = text_of(only(smtp_server))
    assert TEXT in text
    assert "2026年7月2日" in text
    assert "業務の妨げ" not in text
    assert "暴言" not in text


def test_nobody_is_told_of_a_restriction_that_was_lifted_at_once(world: World, smtp_server) -> None:
    lift(close(world, world.reservation.seeker), by=world.manager, reason="人違い", now=NOW)
    mail = OutgoingMail.objects.get(kind="restricted")
    send(mail.pk, now=NOW)
    assert not smtp_server.messages


@pytest.mark.requirement("K-25", "J-32")
def test_lifted_the_person_may_book_again_at_once(world: World) -> None:
    seeker = SeekerFactory()
    restriction = close(world, seeker)
    lift(restriction, by=world.manager, reason="話し合った", now=NOW)
    restriction.refresh_from_db()
    assert (restriction.lifted_by, restriction.lifted_at, restriction.lifted_reason) == (
        world.manager,
        NOW,
        "話し合った",
    )
    assert hold(service=world.reservation.service, starts_at=jst(6, 9, 10), seeker=seeker, now=NOW)


def test_lifting_needs_a_reason_and_happens_once(world: World) -> None:
    restriction = close(world, SeekerFactory())
    with pytest.raises(BookingError, match="理由"):
        lift(restriction, by=world.manager, reason=" ", now=NOW)
    lift(restriction, by=world.manager, reason="x", now=NOW)
    with pytest.raises(BookingError) as refused:
        lift(restriction, by=world.manager, reason="x", now=NOW)
    assert refused.value.code == "already_lifted"


# --- Pages ------------------------------------------------------------------------------------------------------------

TOLD = {"ground": "recording", "reason": "録画していた", "ends_on": "2026-07-01", "text": TEXT}


@pytest.mark.requirement("J-26", "J-32", "U-30")
@pytest.mark.parametrize("role", ["counselor", "manager"])
def test_who_counsels_restricts_from_a_reservation(world: World, client_of, role: str) -> None:
    client = client_of(getattr(world, role))
    client.post(f"/admin/reservations/{world.reservation.number}/restrict/", TOLD)
    made = Restriction.objects.get()
    assert (made.seeker, made.ground, made.reservation) == (world.reservation.seeker, "recording", world.reservation)
    assert AuditRecord.objects.get(action="restriction.added").detail == {"ground": "recording"}
    page = client.get(f"/admin/booking/reservation/{world.reservation.pk}/change/").content.decode()
    assert "この方には、利用制限があります" in page


def test_a_guest_is_restricted_from_a_reservation_too(world: World, client_of, book_guest) -> None:
    reservation = book_guest(email="guest@mail.example")
    client_of(world.counselor).post(f"/admin/reservations/{reservation.number}/restrict/", TOLD)
    assert Restriction.objects.get().guest == reservation.guest
    assert OutgoingMail.objects.get(kind="restricted").to == "guest@mail.example"


def test_reception_restricts_nobody(world: World, client_of) -> None:
    client = client_of(world.reception)
    assert client.get(f"/admin/reservations/{world.reservation.number}/restrict/").status_code == 403
    assert client.get("/admin/booking/restriction/add/").status_code == 403


@pytest.mark.requirement("J-32", "J-35")
@pytest.mark.parametrize("words", ["mail", "number", "display_number", "seeker_number"])
def test_the_manager_restricts_from_the_list_somebody_known_to_the_office(world: World, client_of, words: str) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(seeker_number="13010-00123456")
    who = {
        "mail": world.reservation.seeker.email.upper(),
        "number": world.reservation.number,
        "display_number": world.reservation.display_number,
        "seeker_number": "13010-00123456",
    }[words]
    told = {**TOLD, "office": world.office.pk, "who": who}
    client_of(world.manager).post("/admin/booking/restriction/add/", told)
    assert Restriction.objects.get().seeker == world.reservation.seeker


def test_nobody_finds_people_of_other_offices(world: World, client_of) -> None:
    told = {**TOLD, "office": world.office.pk, "who": world.foreign_reservation.seeker.email}
    page = client_of(world.manager).post("/admin/booking/restriction/add/", told).content.decode()
    assert "見つかりません" in page
    assert not Restriction.objects.exists()


def test_a_forged_office_is_refused(world: World, client_of) -> None:
    told = {**TOLD, "office": world.foreign_office.pk, "who": world.foreign_reservation.seeker.email}
    client_of(world.manager).post("/admin/booking/restriction/add/", told)
    assert not Restriction.objects.exists()


@pytest.mark.requirement("K-25", "J-32")
def test_the_page_of_a_restriction_shows_what_is_booked_and_leads_to_lifting(world: World, client_of) -> None:
    restriction = close(world, world.reservation.seeker)
    client = client_of(world.manager)
    page = client.get(f"/admin/booking/restriction/{restriction.pk}/change/").content.decode()
    assert f"/admin/booking/reservation/{world.reservation.pk}/change/" in page
    assert f"/admin/booking/restriction/{restriction.pk}/lift/" in page
    client.post(f"/admin/booking/restriction/{restriction.pk}/lift/", {"reason": "話し合った"})
    restriction.refresh_from_db()
    assert restriction.lifted_reason == "話し合った"
    assert AuditRecord.objects.filter(action="restriction.lifted").exists()


def test_a_restriction_is_never_edited(world: World, client_of) -> None:
    restriction = close(world, world.reservation.seeker)
    address = f"/admin/booking/restriction/{restriction.pk}/change/"
    assert client_of(world.national).post(address, {"text": "x"}).status_code == 403
    restriction.refresh_from_db()
    assert restriction.text == TEXT


def test_restrictions_of_other_offices_do_not_exist(world: World, client_of) -> None:
    restriction = close(world, world.foreign_reservation.seeker, office=world.foreign_office)
    client = client_of(world.manager)
    assert client.get(f"/admin/booking/restriction/{restriction.pk}/lift/").status_code == 404
    assert client.post(f"/admin/booking/restriction/{restriction.pk}/lift/", {"reason": "x"}).status_code == 404


def test_coming_reservations_stay(world: World) -> None:
    coming = ReservationFactory(
        service=world.reservation.service, seeker=world.reservation.seeker, starts_at=NOW + timedelta(days=3)
    )
    close(world, world.reservation.seeker)
    coming.refresh_from_db()
    assert coming.status == ReservationStatus.CONFIRMED
