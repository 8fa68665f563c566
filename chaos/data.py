"""The office of the run, and what its database says afterwards. Runs in a process of its own, inside Django."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import SeekerProfile, User
from bench.data import business_days, session_of
from booking.clock import JST, at, day_of
from booking.enums import CAN_BE_ENTERED, OCCUPYING, UPCOMING, Action, ReservationStatus
from booking.flows.online_meeting import request_meeting
from booking.mails.reservations import HOUR_BEFORE, queue_reservation_mails, reminder_moments
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
from chaos.plan import Plan
from mailing.models import MailState, OutgoingMail
from offices.models import Office
from terms.consent import give_consent, portal_documents
from terms.models import TermsDocument, TermsKind, TermsVersion

OPENS, CLOSES = time(8), time(20)
LENGTH = timedelta(minutes=30)
LONG_AGO = datetime(2025, 1, 6, tzinfo=JST)
NOT_DONE = (MailState.QUEUED, MailState.SENDING, MailState.DELAYED, MailState.FAILED)
SLACK = timedelta(seconds=1)


def make_scene(plan: Plan, *, reminders_in: float) -> dict[str, Any]:
    """An office with sessions booked long ago, whose reminders are due about `reminders_in` seconds from now."""
    now = timezone.now()
    day_before_at = now + timedelta(seconds=reminders_in)
    office = Office.objects.create(
        number="99101",
        name="ハローワーク試練",
        phone="0000-00-0000",
        contact_hours="平日 8:30〜17:15",
        reminder_at=day_before_at.astimezone(JST).time(),
    )
    service = _service(office)
    days = business_days(office, plan.days, today=day_of(now))
    counselors = _counselors(service, plan.counselors)
    for counselor in counselors:
        for weekday in range(5):
            OpeningWindow.objects.create(
                counselor=counselor, weekday=weekday, begins_on=days[0], ends_on=days[-1], opens=OPENS, closes=CLOSES
            )
    seekers = [_seeker(number) for number in range(plan.seekers)]
    hour_before_at = (now + timedelta(seconds=reminders_in, minutes=1)).replace(second=0, microsecond=0)
    starts = [hour_before_at + HOUR_BEFORE, *_starts_on(day_before_at)]
    owning = [counselor for counselor in counselors if counselor.meeting_host]
    with transaction.atomic():
        standing = [
            _standing(service, owning[n % len(owning)], seekers[n], start=starts[n // len(owning)], now=now)
            for n in range(plan.standing)
        ]
    return {
        "service": service.pk,
        "counselors": [counselor.pk for counselor in counselors],
        "seekers": [{"session": session_of(seeker), "email": seeker.email} for seeker in seekers],
        "standing": standing,
        "last_reminder_at": max(day_before_at, hour_before_at).timestamp(),
    }


def _starts_on(day_before: datetime) -> Iterator[datetime]:
    """Half-hours of the day after that moment."""
    first = at(day_of(day_before) + timedelta(days=1), OPENS)
    return (first + n * LENGTH for n in range(24))


def _service(office: Office) -> Service:
    day = LONG_AGO.date()
    for kind in (TermsKind.PORTAL, TermsKind.SERVICE, TermsKind.SOFTWARE):
        document = TermsDocument.objects.create(kind=kind, title=f"利用規約（{kind}）", slug=kind)
        TermsVersion.objects.create(
            document=document, number=1, body="試練", made_on=day, in_force_on=day, published_at=LONG_AGO
        )
    documents = {document.kind: document for document in TermsDocument.objects.all()}
    service = Service.objects.create(
        office=office,
        name="オンライン職業相談",
        terms=documents[TermsKind.SERVICE],
        software_terms=documents[TermsKind.SOFTWARE],
    )
    version = PolicyVersion.objects.create(
        service=service, in_force_on=day, announced_on=day - timedelta(days=1), asks_device=False
    )
    for weekday in range(5):
        ServiceHours.objects.create(policy=version, weekday=weekday, opens=OPENS, closes=CLOSES)
    return service


def _counselors(service: Service, count: int) -> list[Counselor]:
    """Three of four have a Zoom user of their own; the others share a pool that is one too small."""
    shared = max(count // 4, 2)
    for n in range(shared - 1):
        MeetingHost.objects.create(address=f"pool{n}@zoom.example", office=service.office, buffer_minutes=5)
    counselors = []
    for n in range(count):
        own = (
            MeetingHost.objects.create(address=f"host{n}@zoom.example", office=service.office) if n >= shared else None
        )
        counselors.append(Counselor.objects.create(office=service.office, name=f"相談 花子{n}", meeting_host=own))
    service.counselors.set(counselors)
    return counselors


def _seeker(number: int) -> User:
    seeker = User.objects.create(
        email=f"person{number}@mail.example", name=f"見本 太郎{number}", kana="みほん たろう", password="!"
    )
    SeekerProfile.objects.create(
        user=seeker, phone="090-1234-5678", phone_e164="+819012345678", seeker_number="13010-00123456"
    )
    versions = TermsVersion.objects.filter(document__in=portal_documents())
    give_consent(seeker, versions=versions, language="ja", request=None)
    return seeker


def _standing(
    service: Service, counselor: Counselor, seeker: User, *, start: datetime, now: datetime
) -> dict[str, Any]:
    """As the flow writes it, on a day that nobody could book today; the counselor has a host of their own."""
    reservation = Reservation.objects.create(
        office=service.office,
        service=service,
        counselor=counselor,
        seeker=seeker,
        starts_at=start,
        ends_at=start + LENGTH,
        meeting_host=counselor.meeting_host,
        host_until=start + LENGTH,
        status=ReservationStatus.CONFIRMED,
        reserved_at=now,
        name=seeker.name,
        kana=seeker.kana,
        phone="090-1234-5678",
        phone_e164="+819012345678",
    )
    ReservationEvent.objects.create(
        reservation=reservation, at=now, action=Action.RESERVE, to_status=ReservationStatus.CONFIRMED
    )
    meeting = request_meeting(reservation, now=now)
    queue_reservation_mails(reservation, now=now, meeting=meeting)
    return {
        "number": reservation.number,
        "seeker": seeker.email,
        "counselor": counselor.pk,
        "start": start.isoformat(),
    }


# --- Afterwards -----------------------------------------------------------------------------------------------------


def rows() -> dict[str, Any]:
    """What the database says now; moments as ISO 8601."""
    now = timezone.now()
    reservations = list(
        Reservation.objects.booked().select_related("office", "seeker").prefetch_related("events").order_by("pk")
    )
    numbers = {str(reservation.uuid): reservation.number for reservation in reservations}
    return {
        "now": now.isoformat(),
        "booked": [_booked(reservation) for reservation in reservations],
        "meetings": [_meeting(row) for row in OnlineMeeting.objects.select_related("reservation").order_by("pk")],
        "mails": [_mail(row, numbers, now=now) for row in OutgoingMail.objects.order_by("pk")],
    }


def _booked(reservation: Reservation) -> dict[str, Any]:
    set_at = max(event.at for event in reservation.events.all() if event.action in (Action.RESERVE, Action.MOVE))
    return {
        "number": reservation.number,
        "status": reservation.status,
        "is_live": reservation.status in UPCOMING,
        "is_occupying": reservation.status in OCCUPYING,
        "starts_at": reservation.starts_at.isoformat(),
        "ends_at": reservation.ends_at.isoformat(),
        "counselor": reservation.counselor_id,
        "seeker": reservation.email,
        "host": reservation.meeting_host_id or "",
        "host_until": reservation.host_until.isoformat() if reservation.host_until else None,
        "sequence": reservation.calendar_sequence,
        "set_at": set_at.isoformat(),
        "reminders": [[kind, moment.isoformat()] for kind, moment in reminder_moments(reservation)],
    }


def _meeting(row: OnlineMeeting) -> dict[str, Any]:
    return {
        "number": row.reservation.number,
        "ref": row.ref,
        "state": row.state,
        "meeting_id": row.meeting_id,
        "can_be_entered": row.state in CAN_BE_ENTERED,
        "error": row.error,
    }


def _mail(row: OutgoingMail, numbers: dict[str, str], *, now: datetime) -> dict[str, Any]:
    return {
        "number": numbers.get(row.cause, ""),
        "kind": row.kind,
        "occurrence": row.occurrence,
        "state": row.state,
        "is_overdue": row.state in NOT_DONE and row.due_at < now - SLACK,
        "message_id": row.message_id,
        "error": row.error,
    }
