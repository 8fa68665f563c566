"""An account that nobody has used for a year: three notices, then it is erased. Whoever uses it in between keeps it."""

from datetime import date, timedelta
from typing import Any

import pytest

from accounts.dormancy import look_after
from accounts.models import User
from accounts.usage import Plan, unused_accounts, year_is_over_on
from audit.models import AuditRecord
from booking.enums import ReservationStatus
from booking.models import Reservation
from mailing.composers import Superseded, compose
from mailing.models import OutgoingMail
from tests.accounts.conftest import newest_mail, sign_in
from tests.factories import ReservationFactory, SeekerFactory, jst

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("J-17", "X-16")]
USED_AT = jst(6, 1, 10)
"""Monday 2026-06-01: a year is over on 2027-06-02, the notices are due on 3 April, 3 May and 26 May 2027."""


@pytest.fixture
def sleeper() -> User:
    return SeekerFactory.create(date_joined=jst(1, 1), last_login=USED_AT, name="見本 花子")


def night(freeze: Any, day: date | str) -> None:
    """The nightly run of that day."""
    now = freeze(f"{day} 04:10")
    for pk in list(unused_accounts(now).values_list("pk", flat=True)):
        look_after(pk, now=now)


def nights(freeze: Any, first: str, last: str) -> None:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        night(freeze, day)
        day += timedelta(days=1)


def notices() -> list[str]:
    rows = OutgoingMail.objects.filter(kind="account_unused").order_by("pk")
    return [f"{row.due_at.astimezone(USED_AT.tzinfo):%m-%d %H:%M} {row.occurrence}" for row in rows]


def is_erased(person: User) -> bool:
    return User.objects.get(pk=person.pk).deleted_at is not None


@pytest.mark.parametrize(
    ("used_on", "over_on"),
    [
        pytest.param("2026-06-01", "2027-06-02", id="an ordinary year"),
        pytest.param("2024-02-28", "2025-03-01", id="begins on 29 February"),
        pytest.param("2024-02-29", "2025-03-01", id="used on 29 February"),
        pytest.param("2023-02-28", "2024-03-01", id="ends in a leap year"),
        pytest.param("2025-12-31", "2027-01-01", id="the end of a year"),
    ],
)
def test_a_year_is_counted_as_the_civil_code_says(used_on: str, over_on: str) -> None:
    assert year_is_over_on(date.fromisoformat(used_on)) == date.fromisoformat(over_on)


class TestNotices:
    def test_come_60_30_and_7_days_before_once_each_in_the_morning(self, sleeper: User, freeze: Any) -> None:
        nights(freeze, "2027-03-25", "2027-06-01")
        assert notices() == [
            "04-03 09:00 2026-06-01:60",
            "05-03 09:00 2026-06-01:30",
            "05-26 09:00 2026-06-01:7",
        ]
        assert not is_erased(sleeper)

    @pytest.mark.parametrize(
        ("day", "count"),
        [pytest.param("2027-04-02", 0, id="61 days before"), pytest.param("2027-04-03", 1, id="60 days before")],
    )
    def test_the_first_not_earlier(self, sleeper: User, freeze: Any, day: str, count: int) -> None:
        night(freeze, day)
        assert len(notices()) == count

    def test_a_run_that_is_repeated_writes_none_twice(self, sleeper: User, freeze: Any) -> None:
        night(freeze, "2027-04-03")
        night(freeze, "2027-04-03")
        assert len(notices()) == 1

    def test_say_until_when_and_how_it_is_kept(self, sleeper: User, freeze: Any) -> None:
        night(freeze, "2027-04-03")
        mail = newest_mail(sleeper.email)
        message = compose(mail, now=freeze("2027-04-03 09:00"))
        assert "2027年6月2日(水)に削除します" in message.subject
        for text in ("見本 花子 様", "2026年6月1日(月)", "2027年6月1日(火)までに一度ログイン", "/accounts/login/"):
            assert text in message.body

    def test_one_that_is_not_sent_yet_is_left_when_the_person_signs_in(
        self, client: Any, sleeper: User, freeze: Any
    ) -> None:
        night(freeze, "2027-04-03")
        mail = newest_mail(sleeper.email)
        now = freeze("2027-04-03 08:00")
        sign_in(client, sleeper)
        with pytest.raises(Superseded):
            compose(mail, now=now)


class TestErasing:
    def test_comes_after_a_whole_year_and_not_a_day_earlier(self, sleeper: User, freeze: Any) -> None:
        nights(freeze, "2027-04-03", "2027-06-01")
        assert not is_erased(sleeper)
        night(freeze, "2027-06-02")
        assert is_erased(sleeper)

    def test_is_recorded_and_the_person_is_told(self, sleeper: User, freeze: Any) -> None:
        address = sleeper.email
        nights(freeze, "2027-04-03", "2027-06-02")
        record = AuditRecord.objects.get(action="account.erased_unused")
        assert (record.actor, record.subject, record.detail) == (None, str(sleeper.pk), {"used_on": "2026-06-01"})
        assert "1年以上お使いにならなかった" in newest_mail(address).body

    def test_erases_what_people_erase_who_leave(self, sleeper: User, freeze: Any) -> None:
        past = ReservationFactory(seeker=sleeper, starts_at=jst(5, 1, 10), status=ReservationStatus.COMPLETED)
        Reservation.objects.filter(pk=past.pk).update(reserved_at=jst(4, 20))
        nights(freeze, "2027-04-03", "2027-06-02")
        past.refresh_from_db()
        person = User.objects.get(pk=sleeper.pk)
        assert (past.name, past.phone, past.status) == ("", "", ReservationStatus.COMPLETED)
        assert (person.name, person.profile) == ("", None)

    def test_who_signs_in_on_the_last_evening_keeps_the_account_for_a_year(
        self, client: Any, sleeper: User, freeze: Any
    ) -> None:
        nights(freeze, "2027-04-03", "2027-06-01")
        freeze("2027-06-01 23:59:59")
        sign_in(client, sleeper)
        nights(freeze, "2027-06-02", "2027-06-10")
        assert not is_erased(sleeper)
        nights(freeze, "2028-04-02", "2028-06-01")
        assert notices()[3:] == [
            "04-03 09:00 2027-06-01:60",
            "05-03 09:00 2027-06-01:30",
            "05-26 09:00 2027-06-01:7",
        ]
        assert not is_erased(sleeper)
        night(freeze, "2028-06-02")
        assert is_erased(sleeper)

    def test_who_comes_back_between_the_search_and_the_lock_stays(
        self, client: Any, sleeper: User, freeze: Any
    ) -> None:
        nights(freeze, "2027-04-03", "2027-06-01")
        now = freeze("2027-06-02 04:10")
        (found,) = unused_accounts(now).values_list("pk", flat=True)
        sign_in(client, sleeper)
        look_after(found, now=now)
        assert not is_erased(sleeper)

    def test_waits_until_every_notice_has_had_its_days(self, sleeper: User, freeze: Any) -> None:
        """The portal begins with accounts that are old already, or the nightly run stood still."""
        nights(freeze, "2028-01-01", "2028-02-29")
        assert notices() == [
            "01-01 09:00 2026-06-01:60",
            "01-31 09:00 2026-06-01:30",
            "02-23 09:00 2026-06-01:7",
        ]
        assert not is_erased(sleeper)
        night(freeze, "2028-03-01")
        assert is_erased(sleeper)


class TestLastUse:
    @pytest.mark.parametrize(
        "moments",
        [
            pytest.param({"reserved_at": jst(7, 1)}, id="a booking"),
            pytest.param({"checked_in_at": jst(7, 1)}, id="entering a session"),
            pytest.param({"contacted_at": jst(7, 1)}, id="a call to the office"),
            pytest.param(
                {"starts_at": jst(6, 30, 23), "ends_at": jst(7, 1), "host_until": jst(7, 1)},
                id="a session that took place",
            ),
        ],
    )
    def test_is_what_came_last(self, sleeper: User, freeze: Any, moments: dict[str, Any]) -> None:
        past = ReservationFactory(seeker=sleeper, starts_at=jst(5, 1, 10), status=ReservationStatus.COMPLETED)
        Reservation.objects.filter(pk=past.pk).update(**{"reserved_at": jst(4, 20), **moments})
        (found,) = unused_accounts(freeze("2027-06-30"))
        assert found.used_at == jst(7, 1)

    def test_is_the_sign_in_when_that_came_later(self, sleeper: User, freeze: Any) -> None:
        past = ReservationFactory(seeker=sleeper, starts_at=jst(5, 1, 10), status=ReservationStatus.COMPLETED)
        Reservation.objects.filter(pk=past.pk).update(reserved_at=jst(4, 20))
        (found,) = unused_accounts(freeze("2027-06-30"))
        assert found.used_at == USED_AT

    def test_of_a_session_nobody_came_to_is_none(self, sleeper: User, freeze: Any) -> None:
        past = ReservationFactory(seeker=sleeper, starts_at=jst(7, 1, 10), status=ReservationStatus.NO_SHOW)
        Reservation.objects.filter(pk=past.pk).update(reserved_at=jst(4, 20))
        (found,) = unused_accounts(freeze("2027-06-30"))
        assert found.used_at == USED_AT

    def test_who_never_signed_in_is_counted_from_the_registration(self, freeze: Any) -> None:
        person = SeekerFactory(date_joined=USED_AT, last_login=None)
        (found,) = unused_accounts(freeze("2027-06-30"))
        assert (found, found.used_at) == (person, USED_AT)


class TestWhoStays:
    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"is_staff": True}, id="staff"),
            pytest.param({"is_superuser": True}, id="the national administrator"),
            pytest.param({"is_active": False}, id="who is locked out and cannot sign in"),
        ],
    )
    def test_is_neither_written_to_nor_erased(self, freeze: Any, fields: dict[str, bool]) -> None:
        SeekerFactory(date_joined=USED_AT, last_login=USED_AT, **fields)
        assert not unused_accounts(freeze("2029-01-01")).exists()

    @pytest.mark.parametrize(
        ("moment", "stays"),
        [
            pytest.param("2028-01-10 10:29:59", True, id="until the session is over"),
            pytest.param("2028-01-10 10:30", False, id="not after it"),
        ],
    )
    def test_who_is_waited_for(self, sleeper: User, freeze: Any, moment: str, stays: bool) -> None:
        """A reservation of more than a year ago is no use any more, and still to come."""
        coming = ReservationFactory(seeker=sleeper, starts_at=jst(1, 10, 10, year=2028))
        Reservation.objects.filter(pk=coming.pk).update(reserved_at=jst(4, 20))
        assert unused_accounts(freeze(moment)).exists() is not stays


def test_the_search_asks_once_however_many_there_are(freeze: Any, django_assert_num_queries: Any) -> None:
    for _number in range(3):
        SeekerFactory(date_joined=USED_AT, last_login=USED_AT)
    now = freeze("2027-06-30")
    with django_assert_num_queries(1):
        assert len(unused_accounts(now)) == 3


def test_a_late_notice_puts_the_erasing_off() -> None:
    """The second came ten days late, so its thirty days end ten days after the year."""
    plan = Plan(date(2026, 6, 1), {60: date(2027, 4, 3), 30: date(2027, 5, 13)}, date(2027, 5, 13))
    assert plan.erased_on == date(2027, 6, 12)
    assert plan.notice_due is None
