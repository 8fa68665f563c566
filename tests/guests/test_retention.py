"""What is kept how long of people without an account, from both sides of each end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from booking.enums import ReservationStatus
from booking.flows.lapse import lapse
from booking.flows.mail_link import confirm_by_link
from booking.models import Guest, Reservation, Restriction, Service
from booking.periodic import purge_personal_data
from terms.models import Consent
from tests.factories import NOW, SeekerFactory, jst
from tests.guests.conftest import MAIL, request

DAY = timedelta(days=1)
ENDS = NOW + timedelta(hours=1, seconds=1)


@pytest.fixture
def lapsed(asked: Reservation) -> Reservation:
    Guest.objects.update(created_at=NOW)
    lapse(asked.pk, now=ENDS)
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.LAPSED
    return asked


@pytest.mark.parametrize(
    ("moment", "is_kept"), [(ENDS + DAY - timedelta(seconds=1), True), (ENDS + DAY, False)], ids=["before", "a day on"]
)
def test_a_request_that_nobody_confirmed_tells_nothing_after_a_day(
    lapsed: Reservation, freeze: Any, moment: datetime, is_kept: bool
) -> None:
    freeze(moment)
    purge_personal_data()
    lapsed.refresh_from_db()
    assert bool(lapsed.name or lapsed.phone) is is_kept
    assert (Guest.objects.get().email == MAIL) is is_kept
    assert Consent.objects.exists() is is_kept


def test_a_guest_with_a_standing_reservation_stays_known(asked: Reservation, freeze: Any) -> None:
    confirm_by_link(asked, now=NOW)
    freeze(jst(7, 1))
    purge_personal_data()
    asked.refresh_from_db()
    assert (asked.name, asked.email) == ("見本 花子", MAIL)
    assert Consent.objects.count() == 3


def test_a_guest_goes_with_the_last_reservation(asked: Reservation, freeze: Any) -> None:
    confirm_by_link(asked, now=NOW)
    freeze(jst(4, 1, 1, year=2028))
    purge_personal_data()
    guest = Guest.objects.get()
    assert MAIL not in guest.email
    assert not Consent.objects.exists()
    assert Reservation.objects.get().status == ReservationStatus.CONFIRMED


@pytest.mark.parametrize(("end", "is_known"), [(jst(6, 2), False), (jst(6, 3), True), (None, True)])
def test_who_is_restricted_stays_known_until_the_end_of_it(
    lapsed: Reservation, freeze: Any, end: datetime | None, is_known: bool
) -> None:
    Restriction.objects.create(
        office=lapsed.office,
        guest=lapsed.guest,
        ground="no_shows",
        reason="見本",
        text="見本",
        begins_on=NOW.date(),
        ends_on=end.date() if end else None,
        decided_by=SeekerFactory.create(),
        decided_at=NOW,
    )
    freeze(jst(6, 3, 9))
    purge_personal_data()
    assert (Guest.objects.get().email == MAIL) is is_known


def test_forgotten_twice_is_forgotten_once(lapsed: Reservation, freeze: Any, service: Service) -> None:
    request(service, who="other@mail.example")
    Guest.objects.update(created_at=NOW)
    freeze(jst(6, 10))
    for _night in range(2):
        purge_personal_data()
    gone = Guest.objects.exclude(email="other@mail.example").get()
    assert gone.email == f"deleted-{gone.uuid}@invalid.example"
    assert Guest.objects.filter(email="other@mail.example").exists()


def test_who_comes_again_is_somebody_new(lapsed: Reservation, freeze: Any, service: Service) -> None:
    now = freeze(jst(6, 10))
    purge_personal_data()
    again = request(service, starts_at=jst(6, 12, 10), now=now)
    assert again.guest != lapsed.guest
