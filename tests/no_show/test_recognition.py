"""An office recognises a person it knows, perhaps with a counselor of their own (J-07, H-16, H-07, X-13)."""

from datetime import date

import pytest

from audit.models import AuditRecord
from booking.admission import admission
from booking.enums import BookingWay, Standing
from booking.errors import BookingError
from booking.flows.recognise import recognise, revoke
from booking.models import Recognition, Service, SessionRequest
from tests.factories import NOW, SeekerFactory, bookable_service, jst
from tests.staff.conftest import World


@pytest.fixture
def for_recognised(world: World) -> Service:
    return bookable_service(office=world.office, standings=[Standing.RECOGNISED])


def codes(service: Service, seeker: object, *, counselor: int | None = None, now=NOW) -> list[str]:
    asked = admission(
        seeker,
        service=service,
        starts_at=jst(6, 9, 10),
        now=now,
        counselor=counselor,
        ways=frozenset(BookingWay),
        standing="",
    )
    return [refusal.code for refusal in asked.refusals()]


def grant(world: World, seeker: object, **fields: object) -> Recognition:
    return recognise(
        seeker, **{"office": world.office, "reason": "継続的な支援", "by": world.manager, "now": NOW, **fields}
    )


@pytest.mark.requirement("J-07", "H-16")
def test_who_is_recognised_may_book_until_it_is_revoked(world: World, for_recognised: Service) -> None:
    seeker = SeekerFactory()
    assert codes(for_recognised, seeker) == ["not_recognised"]
    recognition = grant(world, seeker)
    assert codes(for_recognised, seeker) == []
    revoke(recognition, now=NOW)
    assert codes(for_recognised, seeker) == ["not_recognised"]


@pytest.mark.requirement("J-07")
@pytest.mark.parametrize(
    ("moment", "is_recognised"),
    [pytest.param(jst(6, 3, 23, 59, 59), True, id="on the last day"), pytest.param(jst(6, 4), False, id="after it")],
)
def test_it_ends_with_its_last_day(world: World, for_recognised: Service, moment, is_recognised: bool) -> None:
    seeker = SeekerFactory()
    grant(world, seeker, ends_on=date(2026, 6, 3))
    assert (codes(for_recognised, seeker, now=moment) == []) is is_recognised


@pytest.mark.requirement("H-07", "X-13")
def test_continuous_support_is_given_by_the_counselor_that_was_named(world: World) -> None:
    service = bookable_service(
        office=world.office, counselors=2, standings=[Standing.RECOGNISED], needs_named_counselor=True
    )
    own, other = service.counselors.all()
    seeker = SeekerFactory()
    recognition = grant(world, seeker)
    assert codes(service, seeker, counselor=own.pk) == ["no_named_counselor"]
    revoke(recognition, now=NOW)
    grant(world, seeker, counselor=own)
    assert codes(service, seeker, counselor=own.pk) == []
    assert codes(service, seeker, counselor=other.pk) == ["other_counselor"]


def test_a_new_one_may_follow_one_that_is_over(world: World) -> None:
    seeker = SeekerFactory()
    grant(world, seeker, ends_on=date(2026, 6, 1))
    grant(world, seeker, now=jst(6, 2, 10))
    assert Recognition.objects.filter(revoked_at__isnull=True).count() == 1


@pytest.mark.parametrize(
    ("fields", "code"), [({"reason": " "}, "reason_missing"), ({"ends_on": date(2026, 5, 31)}, "end_is_past")]
)
def test_what_is_missing_is_refused(world: World, fields, code: str) -> None:
    with pytest.raises(BookingError) as refused:
        grant(world, SeekerFactory(), **fields)
    assert refused.value.code == code


def test_a_second_one_and_a_foreign_counselor_are_refused(world: World) -> None:
    seeker = SeekerFactory()
    with pytest.raises(BookingError) as refused:
        grant(world, seeker, counselor=world.foreign_counselor)
    assert refused.value.code == "counselor_elsewhere"
    grant(world, seeker)
    with pytest.raises(BookingError) as refused:
        grant(world, seeker)
    assert refused.value.code == "already_recognised"


# --- The pages --------------------------------------------------------------------------------------------------------

ADD = "/admin/booking/recognition/add/"


@pytest.mark.requirement("J-07", "H-16", "H-07", "X-13")
@pytest.mark.parametrize("role", ["counselor", "manager"])
def test_who_counsels_recognises_somebody_known_to_the_office(world: World, client_of, role: str) -> None:
    person = getattr(world, role)
    told = {
        "office": world.office.pk,
        "who": world.reservation.seeker.email,
        "counselor": world.hanako.pk,
        "reason": "継続",
    }
    client = client_of(person)
    client.post(ADD, told)
    made = Recognition.objects.get()
    assert (made.seeker, made.counselor, made.granted_by) == (world.reservation.seeker, world.hanako, person)
    assert AuditRecord.objects.filter(action="recognition.added", actor=person).exists()
    client.post(f"/admin/booking/recognition/{made.pk}/revoke/")
    made.refresh_from_db()
    assert made.revoked_at == NOW
    assert AuditRecord.objects.filter(action="recognition.revoked", actor=person).exists()


@pytest.mark.requirement("H-16", "X-13")
def test_who_only_asked_for_a_session_is_known_too(world: World, client_of) -> None:
    seeker = SeekerFactory()
    SessionRequest.objects.create(
        office=world.office, service=world.reservation.service, seeker=seeker, wishes=[jst(6, 9, 10)], requested_at=NOW
    )
    client_of(world.manager).post(ADD, {"office": world.office.pk, "who": seeker.email, "reason": "必要と認めた"})
    assert Recognition.objects.get().seeker == seeker


@pytest.mark.requirement("J-07")
def test_nobody_looks_through_all_accounts(world: World, client_of) -> None:
    stranger = SeekerFactory()
    part = world.reservation.seeker.email[:-3]
    for who in (stranger.email, world.foreign_reservation.seeker.email, part, "%", ""):
        client_of(world.manager).post(ADD, {"office": world.office.pk, "who": who, "reason": "x"})
    assert not Recognition.objects.exists()


def test_a_guest_without_an_account_cannot_be_recognised(world: World, client_of, book_guest) -> None:
    book_guest(email="guest@mail.example")
    page = client_of(world.manager).post(ADD, {"office": world.office.pk, "who": "guest@mail.example", "reason": "x"})
    assert "見つかりません" in page.content.decode()


def test_reception_recognises_nobody(world: World, client_of) -> None:
    assert client_of(world.reception).get(ADD).status_code == 403
