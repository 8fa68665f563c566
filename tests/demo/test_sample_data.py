from datetime import datetime, time, timedelta
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Model

from accounts.models import User
from accounts.numbers import parse_establishment_number, parse_phone, parse_seeker_number
from booking.clock import JST, day_of
from booking.enums import ReservationStatus
from booking.models import Absence, Counselor, OpeningWindow, Reservation, Service
from demo import sample_staff
from demo.management.commands.load_sample_data import Command
from demo.sample.load import load
from offices.models import ClosedDay, Office, Role, StaffMembership
from terms.consent import missing_consents, portal_documents
from tests.factories import slots_of

pytestmark = pytest.mark.django_db


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Every row of our own apps and of the sign-ins."""
    ours = {"accounts", "audit", "booking", "mailing", "offices", "terms", "account", "mfa"}
    models: list[type[Model]] = [model for model in apps.get_models() if model._meta.app_label in ours]
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in models}


def test_it_is_refused_outside_a_demonstration(settings: Any) -> None:
    settings.DEMO = False

    with pytest.raises(CommandError, match="PORTAL_DEMO"):
        call_command(Command())

    assert not User.objects.exists()


def test_it_loads_in_a_demonstration(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.DEMO = True

    call_command(Command())

    assert capsys.readouterr().out == "Sample data loaded.\n"
    assert Service.objects.count() == 6


def test_a_second_run_changes_nothing(now: datetime) -> None:
    load(now=now)
    before = everything()

    assert load(now=now + timedelta(hours=1)) == "Sample data already there."
    assert everything() == before


def test_a_second_run_leaves_alone_what_people_did(now: datetime) -> None:
    load(now=now)
    ClosedDay.objects.all().delete()
    Office.objects.filter(number="90001").update(name="改めた名前")
    OpeningWindow.objects.filter(counselor__office__number="90002").delete()
    before = everything()

    load(now=now)

    assert everything() == before


@pytest.mark.parametrize(
    ("days", "weeks_follow"),
    [pytest.param(28, False, id="eight weeks left"), pytest.param(29, True, id="less than eight weeks left")],
)
def test_a_later_run_opens_further_weeks_when_fewer_than_eight_are_left(
    now: datetime, days: int, weeks_follow: bool
) -> None:
    load(now=now)
    before = OpeningWindow.objects.count()

    load(now=now + timedelta(days=days))

    newest = OpeningWindow.objects.order_by("-pk")[0]
    assert (OpeningWindow.objects.count() > before) is weeks_follow
    if weeks_follow:
        assert newest.begins_on == day_of(now) + timedelta(weeks=12, days=1)


def test_after_a_long_pause_every_service_can_be_booked_again(now: datetime) -> None:
    load(now=now)
    much_later = now + timedelta(days=400)

    load(now=much_later)

    assert all(slots_of(service, now=much_later) for service in Service.objects.all())


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(2026, 6, 10, 9, 20, tzinfo=JST), id="a Wednesday morning"),
        pytest.param(datetime(2026, 6, 13, 23, 59, tzinfo=JST), id="a Saturday night"),
        pytest.param(datetime(2026, 12, 30, 12, 0, tzinfo=JST), id="the turn of the year"),
        pytest.param(datetime(2027, 5, 2, 12, 0, tzinfo=JST), id="the holidays in May"),
        pytest.param(datetime(2026, 2, 28, 0, 0, tzinfo=JST), id="the end of February"),
        pytest.param(datetime(2026, 6, 30, 16, 0, tzinfo=JST), id="the end of June"),
    ],
)
def test_it_loads_on_any_day_with_every_status_and_free_times_everywhere(moment: datetime) -> None:
    load(now=moment)

    statuses = set(Reservation.objects.values_list("status", flat=True))
    assert statuses == set(ReservationStatus.values)
    assert all(slots_of(service, now=moment) for service in Service.objects.all())


def test_every_office_has_staff_of_every_role_windows_absences_and_a_closed_day(now: datetime) -> None:
    load(now=now)

    for office in Office.objects.all():
        assert office.name.startswith("見本")
        assert set(office.memberships.values_list("role", flat=True)) == set(Role.values)
        assert Counselor.objects.filter(office=office).count() == 3
        assert OpeningWindow.objects.filter(counselor__office=office, weekday__isnull=True).exists()
        assert Absence.objects.filter(counselor__office=office).exists()
        assert office.closed_days.exists()


@pytest.mark.requirement("H-22")
def test_the_sample_of_hamamatsu_starts_at_1115_and_1515_at_the_latest(now: datetime) -> None:
    load(now=now)
    service = Service.objects.get(office__name="見本・マザーズ浜松")

    starts = {slot.starts_at.astimezone(JST).time() for slot in slots_of(service, now=now)}

    assert max(start for start in starts if start < time(13)) == time(11, 15)
    assert max(starts) == time(15, 15)


@pytest.mark.requirement("S-29")
def test_the_sample_of_sasebo_offers_saturdays_and_evenings(now: datetime) -> None:
    load(now=now)
    service = Service.objects.get(name="夜間・土曜のオンライン職業相談")

    starts = [slot.starts_at.astimezone(JST) for slot in slots_of(service, now=now)]

    assert any(start.weekday() == 5 for start in starts)
    assert {start.time() for start in starts if start.weekday() < 5} == {time(17, 30), time(18, 15)}


def test_telephones_of_offices_cannot_ring_and_those_of_seekers_can_be_typed(now: datetime) -> None:
    load(now=now)

    assert all(office.phone.startswith("0000-") for office in Office.objects.all())
    for seeker in User.objects.filter(seeker_profile__isnull=False):
        assert parse_phone(seeker.seeker_profile.phone).e164 == seeker.seeker_profile.phone_e164
        assert parse_seeker_number(seeker.seeker_profile.seeker_number) == seeker.seeker_profile.seeker_number


def test_the_sample_employer_is_typed_as_the_form_would(now: datetime) -> None:
    load(now=now)
    employer = User.objects.get(email=sample_staff.EMPLOYER)

    assert employer.is_employer
    assert parse_phone(employer.employer_profile.phone).e164 == employer.employer_profile.phone_e164
    number = employer.employer_profile.establishment_number
    assert parse_establishment_number(number) == number
    assert missing_consents(employer, documents=portal_documents(), on=day_of(now)) == []


def test_every_shown_person_can_sign_in(now: datetime) -> None:
    load(now=now)

    for person in sample_staff.SHOWN:
        user = User.objects.get(email=person.email)
        assert user.check_password(sample_staff.PASSWORD)
        assert user.emailaddress_set.get().verified


def test_staff_have_the_printed_second_factor(now: datetime) -> None:
    load(now=now)

    for user in User.objects.filter(is_staff=True):
        authenticator = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
        assert get_adapter().decrypt(authenticator.data["secret"]) == sample_staff.TOTP_SECRETS[user.email]


@pytest.mark.requirement("X-02", "J-37")
def test_the_shown_seeker_has_agreed_and_the_last_one_will_be_asked_again(now: datetime) -> None:
    load(now=now)
    first, last = (User.objects.get(email=email) for email in (sample_staff.SEEKERS[0], sample_staff.SEEKERS[-1]))

    (asked,) = missing_consents(last, documents=portal_documents(), on=day_of(now))

    assert missing_consents(first, documents=portal_documents(), on=day_of(now)) == []
    assert (asked.version.number, asked.previous and asked.previous.number) == (2, 1)


def test_every_reservation_has_a_history_that_ends_in_its_status(now: datetime) -> None:
    load(now=now)

    for reservation in Reservation.objects.all():
        *_earlier, last = reservation.events.all()
        assert last.to_status == reservation.status


def test_the_national_administrator_belongs_to_no_office(now: datetime) -> None:
    load(now=now)

    assert not StaffMembership.objects.filter(user__email=sample_staff.NATIONAL_ADMINISTRATOR).exists()
