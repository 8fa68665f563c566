"""What follows a no-show: the office's dated rule counts and proposes, staff confirm one of three, with a reason."""

from datetime import date, datetime, timedelta

import pytest

from audit.models import AuditRecord
from booking.enums import Consequence, Ground, ReservationStatus
from booking.errors import BookingError
from booking.flows.consequence import Decision, confirm_no_show, propose
from booking.flows.no_show import undo_no_show
from booking.models import ConsequenceRule, Guest, Reservation, Restriction
from booking.rules.consequences import first_day_counted, proposal, restricted_until
from mailing.models import OutgoingMail
from mailing.sending import send
from tests.factories import ReservationFactory, jst
from tests.mailing.arrived import only, text_of
from tests.staff.conftest import World

NOW = jst(6, 2, 10, 30)
TEXT = "しばらくの間、オンラインでの予約をお受けできません。電話 0000-00-0000 へご連絡ください。"


@pytest.mark.requirement("K-25", "H-28", "S-28")
@pytest.mark.parametrize(
    ("count", "proposed"),
    [
        (1, Consequence.NOTE),
        (2, Consequence.WARN),
        (3, Consequence.WARN),
        (4, Consequence.RESTRICT),
        (5, Consequence.RESTRICT),
    ],
)
def test_the_rule_proposes_by_the_count(count: int, proposed: Consequence) -> None:
    assert proposal(count, warns_from=2, restricts_from=4) == proposed


def test_an_office_that_never_restricts_is_proposed_a_note() -> None:
    assert proposal(99, warns_from=None, restricts_from=None) == Consequence.NOTE


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2026, 6, 2), 6, date(2025, 12, 3)),
        (date(2026, 3, 31), 1, date(2026, 3, 1)),
        (date(2026, 1, 15), 12, date(2025, 1, 16)),
    ],
)
def test_months_are_counted_by_the_calendar(day: date, months: int, first: date) -> None:
    assert first_day_counted(day, within_months=months) == first


@pytest.mark.parametrize(
    ("today", "months", "last"),
    [
        (date(2026, 6, 2), 1, date(2026, 7, 2)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 5), 3, date(2027, 2, 5)),
    ],
)
def test_a_restriction_ends_on_the_same_day_of_a_later_month(today: date, months: int, last: date) -> None:
    assert restricted_until(today, months=months) == last


# --- Counting ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_show(world: World, freeze) -> Reservation:
    freeze(NOW)
    Reservation.objects.filter(pk=world.reservation.pk).update(status=ReservationStatus.NO_SHOW)
    return Reservation.objects.with_facts().get(pk=world.reservation.pk)


@pytest.fixture
def rule(world: World) -> ConsequenceRule:
    """In six months the second no-show is warned of, the third restricts for a month."""
    return ConsequenceRule.objects.create(
        office=world.office, in_force_on=date(2026, 1, 1), within_months=6, warns_from=2, restricts_from=3
    )


def earlier(no_show: Reservation, starts_at: datetime, **fields: object) -> Reservation:
    row = {"service": no_show.service, "counselor": no_show.counselor, "seeker": no_show.seeker, "name": "x"}
    return ReservationFactory.create(**{**row, "status": ReservationStatus.NO_SHOW, "starts_at": starts_at, **fields})


@pytest.mark.requirement("K-25", "H-28", "S-28", "S-35")
@pytest.mark.parametrize(
    ("before", "count"),
    [
        pytest.param(jst(12, 2, 16, 30, year=2025), 1, id="the last session of the day before the period"),
        pytest.param(jst(12, 3, 0, year=2025), 2, id="the first moment of the period"),
        pytest.param(jst(6, 2, 9), 2, id="on the same day"),
    ],
)
def test_no_shows_of_the_period_count(no_show, rule, before: datetime, count: int) -> None:
    earlier(no_show, before)
    assert propose(no_show, now=NOW).count == count


@pytest.mark.parametrize("status", [s for s in ReservationStatus if s != ReservationStatus.NO_SHOW])
def test_only_no_shows_count(no_show, rule, status: ReservationStatus) -> None:
    earlier(no_show, jst(5, 1, 10), status=status, hold_expires_at=jst(5, 1, 9))
    assert propose(no_show, now=NOW).count == 1


def test_no_shows_elsewhere_and_of_others_do_not_count(no_show, rule, world) -> None:
    other = world.foreign_reservation
    earlier(no_show, jst(5, 1, 10), service=other.service, office=other.office, counselor=other.counselor)
    ReservationFactory.create(service=no_show.service, status=ReservationStatus.NO_SHOW, starts_at=jst(5, 1, 10))
    assert propose(no_show, now=NOW).count == 1


@pytest.mark.requirement("K-25")
def test_somebody_with_and_without_an_account_is_one_person(no_show, rule) -> None:
    guest = Guest.objects.create(email=no_show.seeker.email)
    earlier(no_show, jst(5, 1, 10), seeker=None, guest=guest)
    assert propose(no_show, now=NOW).count == 2


@pytest.mark.requirement("K-25", "H-28", "S-28")
def test_the_rule_in_force_on_the_day_of_the_session_proposes(no_show, rule, world) -> None:
    ConsequenceRule.objects.create(
        office=world.office, in_force_on=date(2026, 6, 2), restricts_from=1, restricts_months=2
    )
    ConsequenceRule.objects.create(office=world.office, in_force_on=date(2026, 6, 3), warns_from=1)
    proposed = propose(no_show, now=NOW)
    assert (proposed.consequence, proposed.ends_on) == (Consequence.RESTRICT, date(2026, 8, 2))


def test_without_a_rule_only_a_note_is_proposed(no_show) -> None:
    assert propose(no_show, now=NOW).consequence == Consequence.NOTE


# --- Deciding ---------------------------------------------------------------------------------------------------------


def decide(no_show: Reservation, by: object, **fields: object) -> Reservation:
    decision = Decision(**{"consequence": Consequence.NOTE, "reason": "電話で事情を聞いた", **fields})
    return confirm_no_show(no_show, decision=decision, by=by, now=NOW)


@pytest.mark.requirement("K-25", "H-28", "S-28")
def test_nothing_follows_by_itself(no_show, rule) -> None:
    earlier(no_show, jst(5, 1, 10))
    earlier(no_show, jst(5, 8, 10))
    assert propose(no_show, now=NOW).consequence == Consequence.RESTRICT
    assert not Restriction.objects.exists()
    assert not OutgoingMail.objects.filter(kind__in=["no_show_warning", "restricted"]).exists()


@pytest.mark.requirement("K-25", "H-28", "S-28")
def test_a_note_sends_nothing_and_keeps_the_reason(no_show, world) -> None:
    decide(no_show, world.counselor)
    no_show.refresh_from_db()
    assert no_show.no_show_confirmed_at == NOW
    event = no_show.events.get()
    assert (event.actor, event.reason) == (world.counselor, "記録だけする: 電話で事情を聞いた")
    assert not OutgoingMail.objects.exists()


@pytest.mark.requirement("K-25", "H-28", "S-28")
def test_a_warning_is_a_polite_mail_with_the_phone(no_show, world, smtp_server) -> None:
    decide(no_show, world.counselor, consequence=Consequence.WARN)
    mail = OutgoingMail.objects.get()
    send(mail.pk, now=NOW)
    text = text_of(only(smtp_server))
    assert "お願いします" in text
    assert world.office.phone in text


@pytest.mark.requirement("K-25", "H-28", "S-28", "S-35")
def test_a_restriction_has_its_ground_its_end_and_its_reservation(no_show, world) -> None:
    end = date(2026, 7, 2)
    decide(no_show, world.manager, consequence=Consequence.RESTRICT, ends_on=end, text=TEXT)
    made = Restriction.objects.get()
    assert (made.ground, made.begins_on, made.ends_on) == (Ground.NO_SHOWS, date(2026, 6, 2), end)
    assert (made.seeker, made.reservation, made.decided_by) == (no_show.seeker, no_show, world.manager)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"reason": " "}, "reason_missing"),
        ({"consequence": Consequence.RESTRICT, "text": TEXT}, "end_missing"),
        ({"consequence": Consequence.RESTRICT, "text": TEXT, "ends_on": date(2026, 6, 1)}, "end_is_past"),
    ],
)
def test_a_decision_that_lacks_something_changes_nothing(no_show, world, fields, code: str) -> None:
    with pytest.raises(BookingError) as refused:
        decide(no_show, world.manager, **fields)
    assert refused.value.code == code
    no_show.refresh_from_db()
    assert no_show.no_show_confirmed_at is None


def test_it_is_decided_once(no_show, world) -> None:
    decide(no_show, world.manager)
    with pytest.raises(BookingError) as refused:
        decide(no_show, world.manager)
    assert refused.value.code == "already_decided"


def test_what_is_no_no_show_any_more_has_no_consequence(no_show, world) -> None:
    undo_no_show(no_show, by=world.counselor, reason="電話があった", now=NOW)
    with pytest.raises(BookingError) as refused:
        decide(no_show, world.manager)
    assert refused.value.code == "wrong_status"


# --- The page ---------------------------------------------------------------------------------------------------------


def address(reservation: Reservation) -> str:
    return f"/admin/reservations/{reservation.number}/consequence/"


@pytest.mark.requirement("K-25", "H-28", "S-28")
def test_the_page_tells_count_and_proposal(no_show, rule, world, client_of) -> None:
    earlier(no_show, jst(5, 1, 10))
    page = client_of(world.counselor).get(address(no_show)).content.decode()
    assert "2回" in page
    assert "「<strong>お願いのメールを送る</strong>」" in page
    assert 'value="warn"' in page
    assert world.office.phone in page


@pytest.mark.requirement("K-25", "H-28", "S-28")
@pytest.mark.parametrize("role", ["counselor", "manager"])
def test_who_counsels_confirms_on_the_page(no_show, rule, world, client_of, role: str) -> None:
    told = {"consequence": "restrict", "reason": "三度目", "ends_on": "2026-07-02", "text": TEXT}
    client_of(getattr(world, role)).post(address(no_show), told)
    assert Restriction.objects.get().decided_by == getattr(world, role)
    record = AuditRecord.objects.get(action="reservation.no_show_confirmed")
    assert record.detail == {"consequence": "restrict", "proposed": "note", "count": 1}


def test_reception_decides_no_consequence(no_show, world, client_of) -> None:
    assert client_of(world.reception).get(address(no_show)).status_code == 403


def test_a_restriction_without_an_end_is_refused_on_the_page(no_show, rule, world, client_of) -> None:
    told = {"consequence": "restrict", "reason": "三度目", "ends_on": "", "text": TEXT}
    page = client_of(world.manager).post(address(no_show), told).content.decode()
    assert "終わりの日を入力してください" in page
    assert not Restriction.objects.exists()


@pytest.mark.requirement("K-25")
def test_staff_are_shown_what_is_booked_already(no_show, rule, world, client_of) -> None:
    coming = earlier(no_show, jst(6, 9, 10), status=ReservationStatus.CONFIRMED)
    told = {"consequence": "restrict", "reason": "三度目", "ends_on": "2026-07-02", "text": TEXT}
    page = client_of(world.manager).post(address(no_show), told, follow=True).content.decode()
    assert f"/admin/booking/reservation/{coming.pk}/change/" in page
    coming.refresh_from_db()
    assert coming.status == ReservationStatus.CONFIRMED


def test_a_version_of_the_rule_is_entered_for_a_later_day_only(world, client_of, freeze) -> None:
    freeze(NOW)
    client = client_of(world.manager)
    told = {"office": world.office.pk, "within_months": 6, "warns_from": 2, "restricts_from": "", "restricts_months": 1}
    page = client.post("/admin/booking/consequencerule/add/", {**told, "in_force_on": "2026-06-02"})
    assert "明日以後" in page.content.decode()
    client.post("/admin/booking/consequencerule/add/", {**told, "in_force_on": "2026-06-03"})
    rule = ConsequenceRule.objects.get()
    assert client.get(f"/admin/booking/consequencerule/{rule.pk}/change/").status_code == 200
    freeze(NOW + timedelta(days=1))
    client.post(f"/admin/booking/consequencerule/{rule.pk}/change/", {**told, "in_force_on": "2026-07-01"})
    rule.refresh_from_db()
    assert rule.in_force_on == date(2026, 6, 3)
