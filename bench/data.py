"""The office that is measured, its past, and what is done to it all at once."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.models import SeekerProfile, User
from bench.plan import Plan
from booking.clock import at, day_of
from booking.enums import Action, MeetingState, ReservationStatus
from booking.flows.online_meeting import request_meeting
from booking.mails.reservations import queue_reservation_mails
from booking.models import (
    Counselor,
    MeetingHost,
    OnlineMeeting,
    OpeningWindow,
    PolicyVersion,
    Reservation,
    ReservationEvent,
    Service,
    ServiceHours,
)
from mailing.models import MailState, OutgoingMail
from offices.calendar import calendar_of
from offices.models import Office, Role, StaffMembership
from terms.consent import give_consent, portal_documents
from terms.models import TermsDocument, TermsKind, TermsVersion

OPENS = time(8)
LENGTH = timedelta(minutes=30)
BURST_HOSTS = 50
PEOPLE_OF_THE_PAST = 1_000
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def make_scene(plan: Plan) -> dict[str, Any]:
    """Everything but the past; returns what the measuring process has to know."""
    now = timezone.now()
    office, crowd_office = Office.objects.bulk_create(_office(number) for number in ("99001", "99002"))
    terms, software = _terms()
    service, crowd_service = (_service(plan, place, terms, software) for place in (office, crowd_office))
    days = business_days(office, plan.days, today=day_of(now))
    counselors = _counselors(service, plan.counselors, host="host")
    _open(counselors, service, plan, days)
    _counselors(crowd_service, BURST_HOSTS, host="crowd")
    _people("past", PEOPLE_OF_THE_PAST)
    _people("burst", plan.burst_on_both + plan.burst)
    _take_places(plan, service, counselors, days, now=now)
    seekers = _people("seeker", plan.bookings + 5)
    for seeker in seekers:
        give_consent(seeker, versions=TermsVersion.objects.filter(document__in=portal_documents()), **_HOW)
    past_day = at(day_of(now) - timedelta(days=1), OPENS)
    return {
        "service": service.pk,
        "counselor": counselors[0].pk,
        "seekers": [{"session": session_of(seeker), "email": seeker.email} for seeker in seekers],
        "staff_session": session_of(_manager(office), has_second_factor=True),
        "places": [at(day, OPENS).isoformat() for day in days],
        "last_past_day": past_day.date().isoformat(),
        "rows_per_past_day": plan.counselors * plan.half_hours,
    }


_HOW: dict[str, Any] = {"language": "ja", "request": None}


def business_days(office: Office, count: int, *, today: date) -> list[date]:
    """The next ones, not tomorrow: a run over midnight sees the same days."""
    days = [today + timedelta(days=offset) for offset in range(2, 28)]
    calendar = calendar_of(office, days[0], days[-1])
    return [day for day in days if calendar.is_business_day(day)][:count]


def _office(number: str) -> Office:
    return Office(
        number=number, name=f"ハローワーク計測{number}", phone="0000-00-0000", contact_hours="平日 8:30〜17:15"
    )


def _terms() -> tuple[TermsDocument, TermsDocument]:
    kinds = (TermsKind.PORTAL, TermsKind.SERVICE, TermsKind.SOFTWARE)
    documents = [TermsDocument.objects.create(kind=kind, title=f"利用規約（{kind}）", slug=kind) for kind in kinds]
    body = "\n\n".join(f"## 第{n}条（計測）\n\n" + "計測のための文章です。" * 10 for n in range(1, 13))
    day = date(2026, 1, 5)
    for document in documents:
        TermsVersion.objects.create(
            document=document, number=1, body=body, made_on=day, in_force_on=day, published_at=timezone.now()
        )
    return documents[1], documents[2]


def _service(plan: Plan, office: Office, terms: TermsDocument, software: TermsDocument) -> Service:
    service = Service.objects.create(office=office, name="オンライン職業相談", terms=terms, software_terms=software)
    closes = (datetime.combine(date.min, OPENS) + plan.half_hours * LENGTH).time()
    version = PolicyVersion.objects.create(
        service=service, in_force_on=date(2025, 1, 6), announced_on=date(2025, 1, 5), asks_device=False
    )
    for weekday in range(5):
        ServiceHours.objects.create(policy=version, weekday=weekday, opens=OPENS, closes=closes)
    return service


def _counselors(service: Service, count: int, *, host: str) -> list[Counselor]:
    hosts = MeetingHost.objects.bulk_create(
        MeetingHost(address=f"{host}{n}@zoom.example", office=service.office) for n in range(count)
    )
    counselors = Counselor.objects.bulk_create(
        Counselor(office=service.office, name=f"相談 花子{n}", meeting_host=own) for n, own in enumerate(hosts)
    )
    service.counselors.set(counselors)
    return counselors


def _open(counselors: Iterable[Counselor], service: Service, plan: Plan, days: Sequence[date]) -> None:
    """Weekly windows of every counselor, from the first of the days to the last."""
    closes = service.versions[0].hours.all()[0].closes
    OpeningWindow.objects.bulk_create(
        OpeningWindow(
            counselor=counselor, weekday=weekday, begins_on=days[0], ends_on=days[-1], opens=OPENS, closes=closes
        )
        for counselor, weekday in product(counselors, range(5))
    )


def _people(kind: str, count: int) -> list[User]:
    users = User.objects.bulk_create(
        User(email=f"{kind}{n}@mail.example", name=f"見本 太郎{n}", kana="みほん たろう", password="!")
        for n in range(count)
    )
    contact = {"phone": "090-1234-5678", "phone_e164": "+819012345678", "seeker_number": "13010-00123456"}
    SeekerProfile.objects.bulk_create(SeekerProfile(user=user, **contact) for user in users)
    return users


def _manager(office: Office) -> User:
    user = User.objects.create(email="manager@mail.example", name="計測 所長", is_staff=True, password="!")
    StaffMembership.objects.create(user=user, office=office, role=Role.MANAGER)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return user


def _take_places(
    plan: Plan, service: Service, counselors: Sequence[Counselor], days: Sequence[date], *, now: datetime
) -> None:
    places = list(product(counselors, days, range(plan.half_hours)))
    taken = random.Random(20260401).sample(places, plan.taken)
    people = _people("taken", plan.taken)
    Reservation.objects.bulk_create(
        _reservation(service, counselor, person, start=at(day, OPENS) + half_hour * LENGTH, now=now)
        for person, (counselor, day, half_hour) in zip(people, taken, strict=True)
    )


def _reservation(
    service: Service, counselor: Counselor, person: User, *, start: datetime, now: datetime, **fields: Any
) -> Reservation:
    """By default confirmed, with the details that a person types."""
    return Reservation(
        office=service.office,
        service=service,
        counselor=counselor,
        seeker=person,
        starts_at=start,
        ends_at=start + LENGTH,
        meeting_host_id=counselor.meeting_host_id,
        host_until=start + LENGTH,
        name=person.name,
        kana=person.kana,
        phone="090-1234-5678",
        phone_e164="+819012345678",
        seeker_number="13010-00123456",
        topic="応募書類の書き方と、前の仕事の経験をどう伝えるかを相談したいです。",
        **{"status": ReservationStatus.CONFIRMED, "reserved_at": now, **fields},
    )


def session_of(user: User, *, has_second_factor: bool = False) -> str:
    """The cookie of a signed-in browser."""
    client = Client()
    client.force_login(user, BACKEND)
    if has_second_factor:
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, user, method="mfa", type="totp")
        request.session.save()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


# --- The past: rows copied from one template inside PostgreSQL ------------------------------------------------------


def add_past(plan: Plan, *, first: int, last: int) -> None:
    """Past reservations number `first` to `last` - 1 of the measured office, with their events, meetings and mails.

    They belong to the same counselors, every half-hour of every day backwards from yesterday: the hardest case for the
    page of free times.
    """
    template = Reservation.objects.filter(number=TEMPLATE).first() or _template()
    with transaction.atomic(), connection.cursor() as cursor:
        _copy(cursor, template, _past_reservation(template, plan), f"generate_series({first}, {last - 1}) AS n")
        past = f"(SELECT * FROM booking_reservation WHERE number BETWEEN '{number(first)}' AND '{number(last - 1)}') r"
        event = ReservationEvent.objects.get(reservation=template)
        for to_status, moment in (("'confirmed'", "r.reserved_at"), ("r.status", "r.ends_at")):
            _copy(cursor, event, {"reservation_id": "r.id", "at": moment, "to_status": to_status}, past)
        meeting = {
            "reservation_id": "r.id",
            "ref": "substr(md5(r.number), 1, 16)",
            "starts_at": "r.starts_at",
            "ends_at": "r.ends_at",
        }
        _copy(cursor, OnlineMeeting.objects.get(reservation=template), meeting, past)
        mail = OutgoingMail.objects.get(cause=str(template.uuid))
        _copy(cursor, mail, {"cause": "r.uuid::text", "sent_at": "r.reserved_at", "due_at": "r.reserved_at"}, past)


TEMPLATE = "PTEMPLAT"


def number(n: int) -> str:
    return f"P{n:07d}"


def _past_reservation(template: Reservation, plan: Plan) -> dict[str, str]:
    """Counselor by counselor, half-hour by half-hour, day by day into the past; nobody is in two places at once."""
    counselors = list(Counselor.objects.offering(template.service).order_by("pk"))
    seekers = User.objects.filter(email__startswith="past").order_by("pk")
    first_seeker = seekers[0].pk
    half_hour = f"(n / {len(counselors)})"
    day, place = f"({half_hour} / {plan.half_hours})", f"mod({half_hour}, {plan.half_hours})"
    start = f"template.starts_at - make_interval(days => {day}) + {place} * interval '30 minutes'"
    return {
        "uuid": "gen_random_uuid()",
        "number": "'P' || lpad(n::text, 7, '0')",
        "counselor_id": f"(ARRAY{[counselor.pk for counselor in counselors]})[mod(n, {len(counselors)}) + 1]",
        "seeker_id": f"{first_seeker} + mod(n, {PEOPLE_OF_THE_PAST})",
        "starts_at": start,
        "ends_at": f"{start} + interval '30 minutes'",
        "host_until": f"{start} + interval '30 minutes'",
        "meeting_host_id": f"(ARRAY{[counselor.meeting_host_id for counselor in counselors]})[mod(n, {len(counselors)}) + 1]",
        "reserved_at": f"{start} - interval '3 days'",
        "created_at": f"{start} - interval '3 days'",
        "checked_in_at": start,
        "status": "CASE WHEN mod(n, 20) = 0 THEN 'no_show' WHEN mod(n, 10) = 1 THEN 'cancelled_by_seeker' ELSE 'completed' END",
    }


def _template() -> Reservation:
    """One past reservation with all that belongs to it. It stands before the first copied half-hour of its counselor."""
    now = timezone.now()
    service = Service.objects.get(office__number="99001")
    counselor = service.counselors.order_by("pk")[0]
    person = User.objects.get(email="past0@mail.example")
    start = at(day_of(now) - timedelta(days=1), OPENS)
    template = _reservation(service, counselor, person, start=start, now=now, number=TEMPLATE)
    template.status = ReservationStatus.CANCELLED_BY_OFFICE
    template.save()
    ReservationEvent.objects.create(
        reservation=template, at=now, action=Action.RESERVE, to_status=ReservationStatus.CONFIRMED
    )
    OnlineMeeting.objects.create(
        reservation=template,
        software=service.software,
        state=MeetingState.CLOSED,
        host=counselor.meeting_host_id,
        starts_at=start,
        ends_at=start + LENGTH,
        requested_at=now,
        next_attempt_at=now,
    )
    OutgoingMail.objects.create(
        kind="reservation_confirmed",
        cause=str(template.uuid),
        to=person.email,
        due_at=now,
        sent_at=now,
        state=MailState.SENT,
        subject="【ハローワーク】計測",
        body="計測のための文章です。\n" * 30,
    )
    return template


def _copy(cursor: Any, template: Model, changes: dict[str, str], source: str) -> None:
    """One copy of the row for each row of `source`; what is in `changes` is computed, the rest as in the template."""
    meta = template._meta  # noqa: SLF001  Django's documented API
    columns = [field.column for field in meta.concrete_fields if not field.primary_key]
    values = [changes.get(column, f'template."{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f'INSERT INTO "{meta.db_table}" ({names}) SELECT {", ".join(values)} '
        f'FROM "{meta.db_table}" template CROSS JOIN {source} WHERE template.id = %s',
        [template.pk],
    )


# --- A thousand at once ---------------------------------------------------------------------------------------------


def book_at_once(plan: Plan, *, first: int, last: int) -> datetime:
    """Reservations number `first` to `last` - 1 with meetings and mails in one commit, as the flow writes them.

    Returns the moment just before the commit.
    """
    now = timezone.now()
    service = Service.objects.select_related("office").get(office__number="99002")
    counselors = list(service.counselors.order_by("pk"))
    people = list(User.objects.filter(email__startswith="burst").order_by("pk")[first:last])
    days = business_days(service.office, 2, today=day_of(now))
    reservations = []
    for n, person in enumerate(people, start=first):
        half_hour, host = divmod(n, BURST_HOSTS)
        day, place = divmod(half_hour, plan.half_hours)
        start = at(days[day], OPENS) + place * LENGTH
        reservations.append(_reservation(service, counselors[host], person, start=start, now=now))
    with transaction.atomic():
        Reservation.objects.bulk_create(reservations)
        for reservation in reservations:
            request_meeting(reservation, now=now)
            queue_reservation_mails(reservation, now=now)
        return timezone.now()
