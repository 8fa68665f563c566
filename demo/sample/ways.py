"""How the sample reservations come to be: each in the way of its service, through the flows."""

from datetime import datetime, timedelta

from accounts.models import User
from booking.availability import Search, Slot, free_slots
from booking.clock import day_of
from booking.enums import Action, BookingWay, Companion, Origin, QuestionKind, ReservationStatus, WaitingState
from booking.flows.arrange import (
    Wishes,
    accept_wish,
    decline_proposal,
    propose,
    request_session,
)
from booking.flows.enter import Entry, enter
from booking.flows.hold import hold
from booking.flows.lapse import lapse
from booking.flows.mail_link import confirm_by_link, request_by_link
from booking.flows.place import Place, take_place
from booking.flows.reserve import ReservationDetails, reserve
from booking.models import Counselor, Offer, Recognition, Reservation, Service, SessionRequest, WaitingEntry
from terms.clock import today
from terms.consent import current_versions, give_consent, portal_documents

TOPICS = [
    "応募書類の書き方を相談したいです。",
    "面接で聞かれやすいことと、答え方を知りたいです。",
    "経験のない職種に移ることを考えています。求人の探し方を教えてください。",
    "短い時間から働ける仕事を探しています。",
]
GUEST = "guest@mihon.example"


def book(service: Service, seeker: User, *, now: datetime, number: int) -> Reservation:
    """A confirmed reservation in the way of the service."""
    agree(service, seeker, now=now)
    match service.policy_on(day_of(now)).way:
        case BookingWay.MAIL_LINK:
            return confirm_by_link(ask_by_link(service, seeker, now=now, number=number), now=now)
        case BookingWay.ARRANGED:
            return arrange(service, seeker, now=now, number=number)
        case BookingWay.STAFF_ONLY:
            return take_down(service, seeker, now=now, number=number)
    details = details_of(seeker, service, number=number, now=now)
    return reserve(take(service, seeker, now=now, number=number), details=details, now=now)


def agree(service: Service, seeker: User, *, now: datetime) -> None:
    versions = current_versions([service.terms, service.software_terms], on=today(now))
    give_consent(seeker, versions=versions, language="ja", request=None)


def take(service: Service, seeker: User, *, now: datetime, number: int) -> Reservation:
    """Hold one of the free times, spread over the coming days."""
    return hold(
        service=service, starts_at=choose(service, seeker, now=now, number=number).starts_at, seeker=seeker, now=now
    )


def choose(
    service: Service, seeker: User | None, *, now: datetime, number: int, counselor: Counselor | None = None
) -> Slot:
    slots = free_slots(Search(service=service, now=now, person=seeker, counselor=counselor))
    return slots[number * 7 % len(slots)]


def ask_by_link(service: Service, who: User | str, *, now: datetime, number: int) -> Reservation:
    asked = [*portal_documents(), service.terms, service.software_terms]
    versions = current_versions(asked, on=today(now))
    seeker = who if isinstance(who, User) else None
    return request_by_link(
        who,
        service=service,
        starts_at=choose(service, seeker, now=now, number=number).starts_at,
        details=details_of(seeker, service, number=number, now=now),
        agree=lambda person: give_consent(person, versions=versions, language="ja", request=None),
        now=now,
    )


def arrange(service: Service, seeker: User, *, now: datetime, number: int) -> Reservation:
    request = ask_for_a_session(service, seeker, now=now, number=number)
    counselor = request.counselor or service.counselors.order_by("pk")[0]
    return accept_wish(request, starts_at=request.wishes[0], counselor=counselor, by=user_of(counselor), now=now)


def ask_for_a_session(service: Service, seeker: User, *, now: datetime, number: int) -> SessionRequest:
    """Recognised by the office, with a counselor of one's own where the service wants one."""
    agree(service, seeker, now=now)
    counselor = own_counselor(service, seeker, now=now)
    start = choose(service, seeker, now=now, number=number, counselor=counselor).starts_at
    return request_session(
        service=service,
        seeker=seeker,
        wishes=Wishes(starts=[start], counselor=counselor),
        details=details_of(seeker, service, number=number, now=now),
        now=now,
    )


def own_counselor(service: Service, seeker: User, *, now: datetime) -> Counselor | None:
    if not service.policy_on(day_of(now)).needs_named_counselor:
        return None
    counselor = service.counselors.order_by("pk")[0]
    known, _created = Recognition.objects.get_or_create(
        office=service.office,
        seeker=seeker,
        revoked_at=None,
        defaults={
            "counselor": counselor,
            "reason": "継続的な支援のため（見本）",
            "begins_on": day_of(now) - timedelta(days=30),
            "granted_by": user_of(counselor),
            "granted_at": now - timedelta(days=30),
        },
    )
    return known.counselor


def take_down(
    service: Service, seeker: User, *, now: datetime, number: int, waits_for_reply: bool = False
) -> Reservation:
    """By phone, at the office."""
    counselor = service.counselors.order_by("pk")[0]
    entry = Entry(
        service=service,
        starts_at=choose(service, seeker, now=now, number=number, counselor=counselor).starts_at,
        details=details_of(seeker, service, number=number, now=now),
        by=user_of(counselor),
        person=seeker,
        counselor=counselor,
        waits_for_reply=waits_for_reply,
    )
    return enter(entry, now=now)[0]


def load_waiting_for_an_answer(services: dict[str, Service], seekers: list[User], *, now: datetime) -> None:
    """One of each thing that waits for somebody: link, reply, office, proposal, offer; and one that waited in vain."""
    ask_by_link(services["sasebo-evening"], GUEST, now=now, number=24)
    take_down(services["sasebo"], seekers[5], now=now, number=25, waits_for_reply=True)
    in_vain = ask_by_link(services["sasebo-evening"], f"late-{GUEST}", now=now - timedelta(hours=2), number=26)
    lapse(in_vain.pk, now=now)
    hamamatsu = services["hamamatsu"]
    ask_for_a_session(hamamatsu, seekers[0], now=now, number=27)
    declined = ask_for_a_session(hamamatsu, seekers[1], now=now, number=28)
    first = propose_another(declined, now=now, number=29)
    decline_proposal(declined, number=first.number, by=seekers[1], now=now)
    propose_another(SessionRequest.objects.get(pk=declined.pk), now=now, number=30)
    load_offer(services["zenkoku"], seekers[5], now=now)


def propose_another(request: SessionRequest, *, now: datetime, number: int) -> Reservation:
    counselor = request.counselor or request.service.counselors.order_by("pk")[0]
    slot = choose(request.service, request.seeker, now=now, number=number, counselor=counselor)
    return propose(request, starts_at=slot.starts_at, counselor=counselor, by=user_of(counselor), now=now)


def load_offer(service: Service, seeker: User, *, now: datetime) -> None:
    """A place kept for the first in line, as if everything had been full when they joined, whatever the hour is now."""
    first, last = day_of(now), day_of(now) + timedelta(days=28)
    entry = WaitingEntry.objects.create(
        service=service, seeker=seeker, first_day=first, last_day=last, joined_at=now - timedelta(days=1)
    )
    search = Search(service=service, now=now, person=seeker)
    place = Place(
        status=ReservationStatus.OFFERED,
        action=Action.OFFER,
        origin=Origin.WAITING_LIST,
        by=None,
        until=now + service.policy_on(first).offer_lasts,
    )
    kept = take_place(search, choose(service, seeker, now=now, number=31).starts_at, place=place)
    entry.state, entry.reservation = WaitingState.OFFERED, kept
    entry.save(update_fields=["state", "reservation"])
    Offer.objects.create(entry=entry, reservation=kept, offered_at=now)


def staff_of(reservation: Reservation) -> User:
    return user_of(reservation.counselor)


def user_of(counselor: Counselor) -> User:
    """Every sample counselor signs in."""
    if counselor.membership is None:
        raise LookupError(f"{counselor} belongs to nobody")
    return counselor.membership.user


def details_of(seeker: User | None, service: Service, *, number: int, now: datetime) -> ReservationDetails:
    """What the person told; of somebody without an account only what stands here."""
    version = service.version_on(day_of(now))
    profile = getattr(seeker, "seeker_profile", None)
    standing = next((value for value in version.standings if value in ("registered_here", "registered_online")), "")
    answers = {QuestionKind.TEXT: "平日の午前中", QuestionKind.YES_NO: "いいえ"}
    return ReservationDetails(
        name=seeker.name if seeker else "見本 来客",
        kana=seeker.kana if seeker else "ミホン ライキャク",
        phone=profile.phone if profile else "03-1234-5699",
        phone_e164=profile.phone_e164 if profile else "+81312345699",
        seeker_number=profile.seeker_number if profile else "",
        standing=standing,
        has_device=True,
        topic=TOPICS[number % len(TOPICS)],
        companions=[Companion.INTERPRETER] if number % 5 == 1 else [],
        interpreter_language="ポルトガル語" if number % 5 == 1 else "",
        answers=[
            [question.label, answers.get(QuestionKind(question.kind)) or question.choices[0]]
            for question in version.asked
        ],
    )
