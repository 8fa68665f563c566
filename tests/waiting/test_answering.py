"""The answer to an offer: take it, decline it, let it pass; and when waiting is over."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from booking.enums import Action, MailKind, ReservationStatus, WaitingState
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.hold import hold, release
from booking.flows.leave import leave
from booking.flows.offering import offer_free_places
from booking.flows.reserve import reserve
from booking.flows.waiting import decline, end_past_entries, leave_line, take_offer
from booking.models import Offer, Reservation, Restriction, Service, WaitingEntry
from booking.periodic import purge_personal_data, release_expired_holds, serve_waiting_lines
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from tests.factories import NOW, SeekerFactory, TermsVersionFactory, UserFactory, change_rules, jst
from tests.seeker.conftest import agree
from tests.waiting.conftest import DETAILS, TEN, TUESDAY, Join

pytestmark = pytest.mark.usefixtures("now")
S = ReservationStatus
NOON = jst(6, 1, 12)
"""Until then the offer made at 10:00 is valid."""


@pytest.fixture
def entry(join: Join, service: Service, taken: Reservation) -> WaitingEntry:
    """First in line, offered Tuesday 10:00 until noon."""
    entry = join()
    cancel_by_seeker(taken, by=taken.seeker, now=NOW)
    assert offer_free_places(service, now=NOW) == 1
    entry.refresh_from_db()
    return entry


@pytest.fixture
def second(entry: WaitingEntry, join: Join) -> WaitingEntry:
    return join()


def place_of(entry: WaitingEntry) -> Reservation:
    entry.refresh_from_db()
    return Reservation.objects.get(pk=entry.reservation_id)


def state_of(entry: WaitingEntry) -> tuple[str, int | None]:
    entry.refresh_from_db()
    return entry.state, entry.reservation_id


def agree_to_service(entry: WaitingEntry) -> None:
    documents = [entry.service.terms, entry.service.software_terms]
    for document in documents:
        TermsVersionFactory.create(document=document)
    agree(entry.seeker, documents)


def test_the_taken_offer_is_booked_with_the_details(entry: WaitingEntry) -> None:
    agree_to_service(entry)
    held = take_offer(entry, by=entry.seeker, now=NOW)
    assert (held.status, held.hold_expires_at) == (S.HELD, NOON)
    reservation = reserve(held, details=DETAILS, now=NOW)
    assert (reservation.pk, reservation.status, reservation.starts_at) == (held.pk, S.CONFIRMED, TEN)
    entry.refresh_from_db()
    assert (entry.state, entry.reservation, entry.ended_at) == (WaitingState.BOOKED, reservation, NOW)
    assert [event.action for event in reservation.events.all()] == [Action.OFFER, Action.TAKE_OFFER, Action.RESERVE]


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        pytest.param(NOON - timedelta(seconds=1), NOON + timedelta(minutes=9, seconds=59), id="the last second"),
        pytest.param(NOON - timedelta(minutes=10), NOON, id="ten minutes before the end"),
        pytest.param(NOON, None, id="over"),
        pytest.param(NOON + timedelta(seconds=1), None, id="a second late"),
    ],
)
def test_the_deadline_of_the_offer(entry: WaitingEntry, moment: datetime, until: datetime | None) -> None:
    """Swept or not: at noon it is over."""
    if until is None:
        for answer in (take_offer, decline):
            with pytest.raises(BookingError) as refused:
                answer(entry, by=entry.seeker, now=moment)
            assert refused.value.code == "offer_expired"
        assert place_of(entry).status == S.OFFERED
    else:
        assert take_offer(entry, by=entry.seeker, now=moment).hold_expires_at == until


def test_the_hold_of_a_taken_offer_ends_when_booking_closes(entry: WaitingEntry, service: Service) -> None:
    Reservation.objects.filter(pk=entry.reservation_id).update(hold_expires_at=jst(6, 2))
    held = take_offer(entry, by=entry.seeker, now=jst(6, 1, 23, 55))
    assert held.hold_expires_at == jst(6, 2)


def test_taking_it_twice_is_taking_it_once(entry: WaitingEntry) -> None:
    first = take_offer(entry, by=entry.seeker, now=NOW)
    again = take_offer(entry, by=entry.seeker, now=NOW + timedelta(minutes=1))
    assert (again.pk, again.hold_expires_at) == (first.pk, first.hold_expires_at)
    assert first.events.filter(action=Action.TAKE_OFFER).count() == 1


def test_taking_it_gives_the_hold_on_another_time_back(entry: WaitingEntry, service: Service) -> None:
    held = hold(service=service, starts_at=jst(6, 9, 10), seeker=entry.seeker, now=NOW)
    take_offer(entry, by=entry.seeker, now=NOW)
    held.refresh_from_db()
    assert held.status == S.RELEASED


def test_who_is_restricted_meanwhile_cannot_take_it(entry: WaitingEntry) -> None:
    Restriction.objects.create(
        office=entry.service.office,
        seeker=entry.seeker,
        ground="hindering",
        reason="x",
        text="x",
        begins_on=date(2026, 6, 1),
        decided_by=UserFactory.create(is_staff=True),
        decided_at=NOW,
    )
    with pytest.raises(BookingError) as refused:
        take_offer(entry, by=entry.seeker, now=NOW)
    assert refused.value.code == "restricted"


def test_the_offer_itself_does_not_count_against_its_own_limit(entry: WaitingEntry, service: Service) -> None:
    change_rules(service, most_coming=1)
    assert take_offer(entry, by=entry.seeker, now=NOW).status == S.HELD


def test_a_declined_place_goes_to_the_next_and_the_position_stays(entry: WaitingEntry, second: WaitingEntry) -> None:
    declined = place_of(entry)
    decline(entry, by=entry.seeker, now=NOW)
    declined.refresh_from_db()
    assert (declined.status, state_of(entry)) == (S.DECLINED, (WaitingState.WAITING, None))
    offer_free_places(entry.service, now=NOW)
    assert state_of(second)[0] == WaitingState.OFFERED
    assert [entry.position, second.position] == [1, 2]


@pytest.mark.parametrize(
    ("moment", "has_lapsed"),
    [pytest.param(jst(6, 1, 11, 59, 59), False, id="11:59:59"), pytest.param(NOON, True, id="noon")],
)
def test_an_offer_nobody_answers_goes_to_the_next(
    freeze, entry: WaitingEntry, second: WaitingEntry, moment: datetime, has_lapsed: bool
) -> None:
    unanswered = place_of(entry)
    freeze(moment)
    release_expired_holds()
    serve_waiting_lines()
    unanswered.refresh_from_db()
    assert unanswered.status == (S.LAPSED if has_lapsed else S.OFFERED)
    assert state_of(entry)[0] == (WaitingState.WAITING if has_lapsed else WaitingState.OFFERED)
    assert state_of(second)[0] == (WaitingState.OFFERED if has_lapsed else WaitingState.WAITING)
    assert [entry.position, second.position] == [1, 2]


def test_a_late_click_after_the_place_went_to_the_next(freeze, entry: WaitingEntry, second: WaitingEntry) -> None:
    now = freeze(NOON)
    release_expired_holds()
    serve_waiting_lines()
    with pytest.raises(BookingError) as refused:
        take_offer(entry, by=entry.seeker, now=now)
    assert refused.value.code == "offer_expired"
    assert place_of(second).status == S.OFFERED


@pytest.mark.parametrize("is_swept", [True, False])
def test_a_taken_offer_that_is_not_booked_lets_the_person_wait_again(entry: WaitingEntry, is_swept: bool, freeze):
    held = take_offer(entry, by=entry.seeker, now=NOW)
    if is_swept:
        freeze(NOON)
        release_expired_holds()
    else:
        release(held, by=entry.seeker, now=NOW)
    held.refresh_from_db()
    assert held.status == (S.EXPIRED if is_swept else S.RELEASED)
    assert state_of(entry) == (WaitingState.WAITING, None)
    assert offer_free_places(entry.service, now=timezone.now()) == 0  # the same time is never offered again


def test_choosing_another_time_gives_the_taken_offer_back(entry: WaitingEntry, service: Service) -> None:
    take_offer(entry, by=entry.seeker, now=NOW)
    hold(service=service, starts_at=jst(6, 9, 10), seeker=entry.seeker, now=NOW)
    assert state_of(entry) == (WaitingState.WAITING, None)


def test_the_office_withdraws_an_offer(entry: WaitingEntry) -> None:
    cancel_by_office(place_of(entry), by=None, reason="x", now=NOW)
    assert state_of(entry) == (WaitingState.WAITING, None)


def test_leaving_gives_the_offered_place_to_the_next(entry: WaitingEntry, second: WaitingEntry) -> None:
    place = place_of(entry)
    leave_line(entry, by=entry.seeker, now=NOW)
    place.refresh_from_db()
    assert (place.status, state_of(entry)) == (S.DECLINED, (WaitingState.LEFT, None))
    offer_free_places(entry.service, now=NOW)
    assert state_of(second)[0] == WaitingState.OFFERED


def test_leaving_gives_the_taken_place_back(entry: WaitingEntry) -> None:
    held = take_offer(entry, by=entry.seeker, now=NOW)
    leave_line(entry, by=entry.seeker, now=NOW)
    held.refresh_from_db()
    assert (held.status, state_of(entry)) == (S.RELEASED, (WaitingState.LEFT, None))


def test_a_cancelled_booking_does_not_wait_again(entry: WaitingEntry) -> None:
    agree_to_service(entry)
    reservation = reserve(take_offer(entry, by=entry.seeker, now=NOW), details=DETAILS, now=NOW)
    cancel_by_seeker(reservation, by=entry.seeker, now=NOW)
    assert state_of(entry) == (WaitingState.BOOKED, reservation.pk)


def test_who_books_another_time_of_the_period_gives_the_offer_back(entry: WaitingEntry, service: Service) -> None:
    agree_to_service(entry)
    WaitingEntry.objects.update(last_day=date(2026, 6, 9))
    offered = place_of(entry)
    reserve(hold(service=service, starts_at=jst(6, 9, 10), seeker=entry.seeker, now=NOW), details=DETAILS, now=NOW)
    offered.refresh_from_db()
    assert (offered.status, state_of(entry)) == (S.DECLINED, (WaitingState.ENDED, None))
    assert not OutgoingMail.objects.filter(kind=MailKind.WAITING_ENDED).exists()


def test_who_books_a_later_day_keeps_waiting(entry: WaitingEntry, service: Service) -> None:
    agree_to_service(entry)
    reserve(hold(service=service, starts_at=jst(6, 9, 10), seeker=entry.seeker, now=NOW), details=DETAILS, now=NOW)
    assert state_of(entry)[0] == WaitingState.OFFERED


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        pytest.param(jst(6, 1, 23, 59, 59), WaitingState.WAITING, id="Tuesday can be booked"),
        pytest.param(jst(6, 2), WaitingState.ENDED, id="Tuesday has closed"),
    ],
)
def test_waiting_ends_when_the_last_day_has_closed(
    freeze, join: Join, service: Service, moment: datetime, state: WaitingState
) -> None:
    entry = join(last_day=TUESDAY)
    now = freeze(moment)
    for _run in range(2):
        serve_waiting_lines()
    assert state_of(entry) == (state, None)
    mails = OutgoingMail.objects.filter(kind=MailKind.WAITING_ENDED)
    assert [mail.to for mail in mails] == [entry.seeker.email] * (state == WaitingState.ENDED)
    assert entry.ended_at == (now if mails else None)


def test_an_offer_runs_out_before_waiting_ends(freeze, entry: WaitingEntry, service: Service) -> None:
    WaitingEntry.objects.update(last_day=TUESDAY)
    now = freeze(jst(6, 2))
    assert end_past_entries(service, now=now) == 0
    release_expired_holds()
    assert end_past_entries(service, now=now) == 1


def test_a_service_that_drops_its_line_tells_those_who_wait(join: Join, service: Service) -> None:
    entry = join()
    change_rules(service, has_waiting_list=False)
    serve_waiting_lines()
    assert state_of(entry)[0] == WaitingState.ENDED
    assert OutgoingMail.objects.get(kind=MailKind.WAITING_ENDED).to == entry.seeker.email


def test_who_deletes_the_account_leaves_the_line(entry: WaitingEntry, join: Join) -> None:
    place = place_of(entry)
    leave(entry.seeker, now=NOW)
    place.refresh_from_db()
    assert (place.status, state_of(entry)) == (S.DECLINED, (WaitingState.LEFT, None))


def test_a_worker_killed_before_the_mail_loses_no_mail(entry: WaitingEntry, smtp_server) -> None:
    """The row of the mail was committed with the offer: the sweeper of the ledger finds it."""
    mail = OutgoingMail.objects.due(NOW).get(kind=MailKind.OFFER)
    send(mail.pk, now=NOW + timedelta(minutes=20))
    mail.refresh_from_db()
    assert mail.state == MailState.SENT


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        pytest.param(NOON - timedelta(seconds=1), MailState.SENT, id="a second before the end"),
        pytest.param(NOON, MailState.SUPERSEDED, id="over"),
    ],
)
def test_a_delayed_mail_offers_nothing_that_is_over(
    entry: WaitingEntry, smtp_server, moment: datetime, state: MailState
) -> None:
    mail = OutgoingMail.objects.get(kind=MailKind.OFFER)
    send(mail.pk, now=moment)
    mail.refresh_from_db()
    assert mail.state == state


def test_the_mail_about_a_declined_offer_is_not_sent(entry: WaitingEntry, smtp_server) -> None:
    decline(entry, by=entry.seeker, now=NOW)
    mail = OutgoingMail.objects.get(kind=MailKind.OFFER)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.SUPERSEDED


@pytest.mark.parametrize(
    ("moment", "is_kept"),
    [
        pytest.param(jst(3, 31, 23, year=2028), True, id="31 March"),
        pytest.param(jst(4, 1, 4, year=2028), False, id="1 April"),
    ],
)
def test_old_entries_go_after_the_next_fiscal_year(
    freeze, entry: WaitingEntry, moment: datetime, is_kept: bool
) -> None:
    held = take_offer(entry, by=entry.seeker, now=NOW)
    leave_line(entry, by=entry.seeker, now=NOW)
    freeze(moment)
    purge_personal_data()
    purge_personal_data()
    assert WaitingEntry.objects.exists() is Offer.objects.exists() is is_kept
    assert Reservation.objects.filter(pk=held.pk).exists() is is_kept


def test_those_in_line_are_never_purged(freeze, join: Join) -> None:
    join(SeekerFactory.create())
    freeze(jst(4, 1, 4, year=2030))
    purge_personal_data()
    assert WaitingEntry.objects.count() == 1
