"""Staff take down a reservation by phone or in a session; rules may be overridden with a reason, the database never."""

import pytest

from accounts.models import User
from booking.enums import Action, Ground, MailKind, Origin, ReservationStatus
from booking.errors import BookingError
from booking.flows.enter import EntryRefused, enter
from booking.models import Guest, OnlineMeeting, Reservation, Restriction
from mailing.models import OutgoingMail
from tests.entered.conftest import TUESDAY
from tests.factories import (
    MONDAY,
    NOW,
    AbsenceFactory,
    ReservationFactory,
    SeekerFactory,
    change_rules,
    jst,
)
from tests.staff.conftest import World

REASON = "電話で事情を伺ったため"


def restrict(seeker: User, world: World) -> None:
    Restriction.objects.create(
        office=world.office,
        seeker=seeker,
        ground=Ground.HINDERING,
        reason="業務の妨げ",
        text="お電話ください。",
        begins_on=MONDAY,
        decided_by=world.manager,
        decided_at=NOW,
    )


def refused_codes(refused) -> list[str]:
    return [rule.code for rule in refused.value.rules]


@pytest.mark.requirement("S-04", "S-22", "S-24")
def test_by_phone_it_is_firm_at_once_and_date_and_meeting_are_mailed(take_down, world):
    reservation, overridden = enter(take_down(email="caller@mail.example"), now=NOW)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.origin) == (ReservationStatus.CONFIRMED, Origin.PHONE)
    assert (reservation.starts_at, reservation.entered_by) == (TUESDAY, world.reception)
    assert reservation.guest == Guest.objects.get(email="caller@mail.example")
    assert OnlineMeeting.objects.live().filter(reservation=reservation).exists()
    assert OutgoingMail.objects.about(str(reservation.uuid)).filter(kind=MailKind.CONFIRMED, to=reservation.email)
    assert overridden == []
    event = reservation.events.get()
    assert (event.action, event.actor, event.reason) == (Action.ENTER, world.reception, "")


def test_an_account_with_the_address_is_used(take_down, seeker):
    reservation, _rules = enter(take_down(email="Seeker@mail.example"), now=NOW)
    assert reservation.seeker == seeker
    assert not Guest.objects.exists()


def test_who_has_no_mail_address_is_known_by_the_phone_and_gets_no_mail(take_down):
    first, _rules = enter(take_down(), now=NOW)
    second, _rules = enter(take_down(starts_at=jst(6, 2, 14)), now=NOW)
    assert first.guest == second.guest == Guest.objects.get(email="", phone_e164="+819012345678")
    assert first.email == ""
    assert not OutgoingMail.objects.exists()


@pytest.mark.requirement("K-16", "K-22", "H-23", "S-23")
def test_the_next_session_of_a_running_one_is_confirmed_and_names_the_former(take_down, world):
    person = world.reservation.seeker
    entry = take_down(person=person, previous=world.reservation, counselor=world.hanako)
    reservation, _rules = enter(entry, now=NOW)
    assert (reservation.status, reservation.origin) == (ReservationStatus.CONFIRMED, Origin.NEXT)
    assert (reservation.seeker, reservation.counselor) == (person, world.hanako)
    assert world.reservation.display_number in reservation.events.get().reason
    assert OutgoingMail.objects.filter(kind=MailKind.CONFIRMED, cause=str(reservation.uuid)).exists()


@pytest.mark.requirement("H-01", "S-04")
@pytest.mark.parametrize(
    ("moment", "refused"),
    [(jst(6, 1, 23, 59, 59), []), (jst(6, 2, 0, 0, 0), ["booking_closed"])],
    ids=["the last second of the day before", "the day of the session"],
)
def test_the_deadline_holds_for_the_phone_too(take_down, moment, refused):
    if not refused:
        enter(take_down(), now=moment)
        return
    with pytest.raises(EntryRefused) as error:
        enter(take_down(), now=moment)
    assert error.value.code == "override_needs_reason"
    assert refused_codes(error) == refused


def test_a_reason_overrides_the_rule_and_stands_in_the_history(take_down):
    reservation, overridden = enter(take_down(), now=jst(6, 2, 9), reason=REASON)
    assert overridden == ["booking_closed"]
    assert reservation.status == ReservationStatus.CONFIRMED
    assert reservation.events.get().reason == f"規則の例外: {REASON}"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_without_a_reason_nothing_is_left_behind(take_down, reason):
    with pytest.raises(EntryRefused):
        enter(take_down(email="caller@mail.example"), now=jst(6, 2, 9), reason=reason)
    assert not Guest.objects.exists()
    assert not Reservation.objects.exclude(entered_by=None).exists()


def test_every_rule_that_refuses_is_named(take_down, service, seeker):
    change_rules(service, most_coming=1, topic="required")
    ReservationFactory(service=service, seeker=seeker, starts_at=jst(6, 3, 10))
    with pytest.raises(EntryRefused) as error:
        enter(take_down(person=seeker, starts_at=jst(9, 1, 11)), now=NOW)
    assert refused_codes(error) == ["not_open_yet", "too_many_coming", "details_missing"]
    for code in refused_codes(error):
        assert code


@pytest.mark.parametrize("hour", [8, 18])
def test_outside_the_hours_only_with_a_reason(take_down, hour):
    entry = take_down(starts_at=jst(6, 2, hour))
    with pytest.raises(EntryRefused) as error:
        enter(entry, now=NOW)
    assert refused_codes(error) == ["not_offered"]
    reservation, _rules = enter(entry, now=NOW, reason=REASON)
    assert reservation.starts_at == jst(6, 2, hour)


def test_an_absence_may_be_overridden_with_the_counselor_named(take_down, world):
    AbsenceFactory(counselor=world.jiro, starts_at=jst(6, 2, 9), ends_at=jst(6, 2, 17))
    entry = take_down(counselor=world.jiro)
    with pytest.raises(EntryRefused):
        enter(entry, now=NOW)
    assert enter(entry, now=NOW, reason=REASON)[0].counselor == world.jiro


@pytest.mark.parametrize("reason", ["", REASON], ids=["without a reason", "with a reason"])
def test_nobody_books_a_counselor_twice(take_down, world, reason):
    ReservationFactory(service=world.reservation.service, counselor=world.hanako, starts_at=TUESDAY)
    with pytest.raises(BookingError) as refused:
        enter(take_down(counselor=world.hanako), now=NOW, reason=reason)
    assert refused.value.code == "counselor_busy"


@pytest.mark.parametrize("reason", ["", REASON], ids=["without a reason", "with a reason"])
def test_a_time_that_overlaps_a_session_is_no_exception(take_down, world, reason):
    """10:15 is not on the grid, and hanako's session runs from 10:00 to 10:30."""
    with pytest.raises(BookingError) as refused:
        enter(take_down(counselor=world.hanako, starts_at=jst(6, 2, 10, 15)), now=NOW, reason=reason)
    assert refused.value.code == "counselor_busy"


@pytest.mark.parametrize("reason", ["", REASON], ids=["without a reason", "with a reason"])
def test_nobody_is_booked_twice_at_the_same_time(take_down, world, reason):
    with pytest.raises(BookingError) as refused:
        enter(take_down(person=world.reservation.seeker, starts_at=jst(6, 2, 10)), now=NOW, reason=reason)
    assert refused.value.code == "seeker_busy"


@pytest.mark.parametrize(
    ("moment", "is_past"),
    [(TUESDAY, False), (TUESDAY.replace(second=1), True)],
    ids=["at the start", "one second later"],
)
def test_a_reason_does_not_turn_back_the_clock(take_down, moment, is_past):
    if not is_past:
        assert enter(take_down(), now=moment, reason=REASON)[0].starts_at == moment
        return
    with pytest.raises(BookingError) as refused:
        enter(take_down(), now=moment, reason=REASON)
    assert refused.value.code == "time_is_past"


@pytest.mark.parametrize(("role", "may"), [("reception", False), ("counselor", False), ("manager", True)])
def test_only_the_manager_excepts_somebody_from_a_restriction(take_down, world, seeker, role, may):
    restrict(seeker, world)
    entry = take_down(person=seeker, by=getattr(world, role))
    if may:
        assert enter(entry, now=NOW, reason=REASON)[0].seeker == seeker
        return
    with pytest.raises(EntryRefused) as refused:
        enter(entry, now=NOW, reason=REASON)
    assert refused.value.code == "override_by_manager"


def test_the_manager_too_needs_a_reason(take_down, world, seeker):
    restrict(seeker, world)
    with pytest.raises(EntryRefused) as refused:
        enter(take_down(person=seeker, by=world.manager), now=NOW)
    assert refused.value.code == "override_needs_reason"


def test_the_hold_of_the_person_makes_way(take_down, seeker, world):
    held = ReservationFactory(
        service=world.reservation.service,
        counselor=world.hanako,
        seeker=seeker,
        starts_at=TUESDAY,
        status=ReservationStatus.HELD,
        hold_expires_at=jst(6, 1, 10, 5),
    )
    reservation, _rules = enter(take_down(person=seeker, counselor=world.hanako), now=NOW)
    held.refresh_from_db()
    assert reservation.counselor == world.hanako
    assert held.status == ReservationStatus.RELEASED


def test_staff_see_beyond_the_booking_window_but_need_a_reason(take_down):
    other = SeekerFactory()
    with pytest.raises(EntryRefused) as refused:
        enter(take_down(person=other, starts_at=jst(8, 3, 11)), now=NOW)
    assert refused_codes(refused) == ["not_open_yet"]
