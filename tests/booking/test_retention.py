"""What is kept how long (domain-and-standards B.6), from both sides of each end."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from booking.clock import fiscal_year_start
from booking.enums import Ground, ReservationStatus
from booking.flows.hold import hold
from booking.flows.lapse import lapse
from booking.models import Recognition, Reservation, ReservationEvent, Restriction
from booking.periodic import purge_personal_data
from terms.models import Consent
from terms.retention import purge_consents
from tests.booking.conftest import Reserve
from tests.factories import NOW, SeekerFactory, TermsVersionFactory, jst


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (date(2026, 4, 1), date(2026, 4, 1)),
        (date(2027, 3, 31), date(2026, 4, 1)),
        (date(2026, 3, 31), date(2025, 4, 1)),
    ],
)
def test_a_fiscal_year_begins_in_april(day: date, start: date) -> None:
    assert fiscal_year_start(day) == start


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "is_kept"),
    [(jst(3, 31, 23, year=2028), True), (jst(4, 1, 1, year=2028), False)],
    ids=["until 31 March of the year after", "from 1 April on"],
)
def test_contact_data_stay_a_year_after_the_fiscal_year_of_the_session(
    reserve_place: Reserve, freeze: Any, now: datetime, is_kept: bool
) -> None:
    reservation = reserve_place()
    freeze(now)
    purge_personal_data()
    reservation.refresh_from_db()
    assert bool(reservation.name and reservation.phone) is is_kept
    assert reservation.status == ReservationStatus.CONFIRMED


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "is_kept"), [(23, True), (24, False)])
def test_a_hold_that_became_nothing_goes_after_a_day(
    reserve_place: Reserve, freeze: Any, hours: int, is_kept: bool
) -> None:
    standing = reserve_place()
    held = hold(service=standing.service, starts_at=jst(6, 2, 15), seeker=SeekerFactory.create(), now=NOW)
    lapse(held.pk, now=NOW + timedelta(minutes=10))
    Reservation.objects.update(created_at=NOW)
    freeze(NOW + timedelta(hours=hours))
    purge_personal_data()
    assert Reservation.objects.filter(status=ReservationStatus.EXPIRED).exists() is is_kept
    assert standing.events.count() == 2
    assert (ReservationEvent.objects.count() == 4) is is_kept


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "is_kept"), [(364, True), (365, False)])
def test_a_consent_stays_a_year_after_the_account(days: int, is_kept: bool) -> None:
    version = TermsVersionFactory.create()
    left, still_here = SeekerFactory.create(deleted_at=NOW), SeekerFactory.create()
    for person in (left, still_here):
        Consent.objects.create(person=person, version=version, language="ja")
    purge_consents(NOW + timedelta(days=days))
    assert Consent.objects.filter(person=left).exists() is is_kept
    assert Consent.objects.filter(person=still_here).exists()


@pytest.mark.django_db
def test_after_the_job_the_table_is_append_only_again() -> None:
    Consent.objects.create(person=SeekerFactory.create(), version=TermsVersionFactory.create(), language="ja")
    purge_consents(NOW)
    with pytest.raises(Exception, match="append-only"):
        Consent.objects.all().delete()


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "is_kept"), [(89, True), (90, False)])
def test_what_was_said_in_the_session_goes_after_ninety_days(
    reserve_place: Reserve, freeze: Any, days: int, is_kept: bool
) -> None:
    """The topic, the counselor's note, the answers to the office's questions."""
    reservation = reserve_place()
    said = {"topic": "相談", "internal_note": "メモ", "answers": [["働ける曜日", "月曜"]]}
    Reservation.objects.update(**said)
    freeze(reservation.ends_at + timedelta(days=days))
    purge_personal_data()
    reservation.refresh_from_db()
    assert [bool(getattr(reservation, field)) for field in said] == [is_kept] * 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "is_kept"),
    [(jst(3, 31, 23, year=2028), True), (jst(4, 1, 1, year=2028), False)],
    ids=["until 31 March of the year after", "from 1 April on"],
)
def test_what_was_written_about_a_person_goes_and_that_it_was_stays(
    reserve_place: Reserve, freeze: Any, now: datetime, is_kept: bool
) -> None:
    reservation = reserve_place()
    staff = reservation.counselor.membership.user
    whose = {
        "office": reservation.office,
        "seeker": reservation.seeker,
        "reason": "理由",
        "begins_on": date(2026, 6, 1),
    }
    restriction = Restriction.objects.create(
        **whose, ground=Ground.NO_SHOWS, text="文面", ends_on=date(2027, 3, 31), decided_by=staff, decided_at=NOW
    )
    recognition = Recognition.objects.create(**whose, ends_on=date(2027, 3, 31), granted_by=staff, granted_at=NOW)
    freeze(now)
    purge_personal_data()
    restriction.refresh_from_db()
    recognition.refresh_from_db()
    assert [bool(restriction.reason), bool(restriction.text), bool(recognition.reason)] == [is_kept] * 3
    assert restriction.ground == Ground.NO_SHOWS
