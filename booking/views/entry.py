"""Staff take down a reservation for the person they speak with: one page, for one hand (S-04, S-22, K-16)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audit.record import record
from booking.availability import Search, free_slots
from booking.clock import EARLIEST, LATEST, day_of
from booking.enums import ReservationStatus
from booking.errors import BookingError
from booking.flows.enter import Entry, EntryRefused, enter
from booking.guest_access import passcode_of
from booking.models import OnlineMeeting, Reservation, Service
from booking.permissions import can_enter
from booking.refusals import REFUSALS
from booking.views.counselor import reservation_of
from booking.views.entry_form import BY_REPLY, EntryForm, Found, look_up, remembered_of
from booking.views.office import office_page
from booking.views.seeker.time_buttons import Day, days_of
from offices.models import Office

ENTER = "enter"
"""The button that takes the reservation; the others show free times, or look for the account."""
LOOKS_AHEAD = timedelta(days=31)
DAYS_SHOWN = 3
HAS_NEXT = (ReservationStatus.CONFIRMED, ReservationStatus.CHECKED_IN, ReservationStatus.COMPLETED)


@require_http_methods(["GET", "HEAD", "POST"])
def enter_reservation(request: HttpRequest) -> HttpResponse:
    """GET shows the free times, a POST what was typed with more; only the button `enter` takes the reservation."""
    context, office = office_page(request, title=_("予約を受け付ける"))
    if office is not None and not can_enter(request.user, office.pk):
        raise PermissionDenied
    desk = desk_of(request, office, now=timezone.now()) if office else None
    if desk is None:
        return TemplateResponse(request, "admin/entry/enter.html", context)
    if desk.is_sent and desk.form.is_valid():
        try:
            return redirect("admin:entered", take_down(request, desk).number)
        except BookingError as refused:
            context |= {"refused": refused, "rules": rules_of(refused)}
    return TemplateResponse(request, "admin/entry/enter.html", context | desk.shown())


@require_safe
def entered(request: HttpRequest, number: str) -> HttpResponse:
    """What to tell the person before hanging up. Whoever took it down tells the passcode: it opens the topic, too."""
    reservation = reservation_of(request, number)
    context, _office = office_page(request, title=_("予約を受け付けました"))
    record(
        "reservation.viewed",
        actor=request.user,
        subject=reservation.number,
        office_number=reservation.office.number,
        request=request,
    )
    context |= {"reservation": reservation, "meeting": OnlineMeeting.objects.open_of(reservation)}
    is_told = reservation.guest is not None and reservation.entered_by == request.user
    context |= {"passcode": passcode_of(reservation) if is_told else ""}
    return TemplateResponse(request, "admin/entry/entered.html", context)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The page with everything that was chosen and typed so far."""

    office: Office
    services: list[Service]
    service: Service
    previous: Reservation | None
    first_day: date
    found: Found
    form: EntryForm
    days: list[Day]
    has_searched: bool
    is_sent: bool

    def shown(self) -> dict[str, Any]:
        names = ("services", "service", "previous", "first_day", "found", "form", "days", "has_searched")
        return {name: getattr(self, name) for name in names} | {"start_chosen": str(self.form["start"].value() or "")}


def desk_of(request: HttpRequest, office: Office, *, now: datetime) -> Desk | None:
    """None when the office has nothing that can be booked."""
    services = list(Service.objects.open_to_seekers().filter(office=office).select_related("office"))
    if not services:
        return None
    typed = request.POST if request.method == "POST" else request.GET
    previous = previous_of(request, office, now=now)
    service = chosen_service(typed, services, previous)
    searches = request.method == "POST" and previous is None
    has_searched = searches and bool(typed.get("email") or typed.get("seeker_number"))
    found = searched(request, office) if has_searched else Found()
    is_sent = request.method == "POST" and typed.get("do") == ENTER
    form = form_for(typed, service, found=found, previous=previous, is_sent=is_sent, now=now)
    first_day = chosen_first_day(typed, today=day_of(now))
    return Desk(
        office=office,
        services=services,
        service=service,
        previous=previous,
        first_day=first_day,
        found=found,
        form=form,
        days=free_days(form, service, person=previous.person if previous else found.account, day=first_day, now=now),
        has_searched=has_searched,
        is_sent=is_sent,
    )


def previous_of(request: HttpRequest, office: Office, *, now: datetime) -> Reservation | None:
    """The session in which the next one is booked: begun already, of this office."""
    number = request.GET.get("after")
    if not number:
        return None
    rows = Reservation.objects.visible_to(request.user).filter(office=office, status__in=HAS_NEXT, starts_at__lte=now)
    rows = rows.exclude(seeker__is_active=False).select_related("seeker", "guest", "counselor", "service")
    return get_object_or_404(rows, number=number)


def chosen_service(typed: QueryDict, services: list[Service], previous: Reservation | None) -> Service:
    """404 for what is not of this office."""
    default = previous.service_id if previous else services[0].pk
    wanted = typed.get("service") or str(default)
    chosen = [service for service in services if str(service.pk) == wanted]
    if not chosen and typed.get("service"):
        raise Http404
    return chosen[0] if chosen else services[0]


def chosen_first_day(typed: QueryDict, *, today: date) -> date:
    try:
        day = parse_date(typed.get("first_day", "")) or today
    except ValueError:
        return today
    return day if max(EARLIEST, today) <= day <= LATEST else today


def form_for(
    typed: QueryDict, service: Service, *, found: Found, previous: Reservation | None, is_sent: bool, now: datetime
) -> EntryForm:
    """Judged only when it was sent to be entered. An account fills what is still empty, the running session everything."""
    options: dict[str, Any] = {"version": service.version_on(day_of(now)), "service": service, "found": found}
    options["is_known"] = previous is not None
    sent = EntryForm(typed, **options)
    if is_sent:
        return sent
    told = {name: value for name, value in sent.typed().items() if value}
    known: dict[str, Any] = dict(found.known)
    if previous is not None:
        known = remembered_of(previous, options["version"])
        if not typed.get("do"):
            known["counselor"] = previous.counselor_id
    return EntryForm(initial={**known, **told}, **options)


def free_days(form: EntryForm, service: Service, *, person: Any, day: date, now: datetime) -> list[Day]:
    """The next days with free times, with the counselor and the interpreter that were chosen."""
    wanted = str(form["counselor"].value() or "")
    counselors = {str(counselor.pk): counselor for counselor in form.fields["counselor"].queryset}  # type: ignore[attr-defined]
    spoken = dict(form.fields["language"].choices)  # type: ignore[attr-defined]
    language = str(form["language"].value() or "")
    search = Search(
        service=service,
        now=now,
        person=person,
        counselor=counselors.get(wanted),
        language=language if language in spoken else "",
        is_for_staff=True,
    )
    slots = free_slots(search, first_day=day, last_day=day + LOOKS_AHEAD)
    return days_of(slot for slot in slots if slot.starts_at >= now)[:DAYS_SHOWN]


def take_down(request: HttpRequest, desk: Desk) -> Reservation:
    """Enter it and leave the records: of the entry, and of the rules that were overridden."""
    told = desk.form.cleaned_data
    entry = Entry(
        service=desk.service,
        starts_at=told["starts_at"],
        details=desk.form.details(),
        by=request.user,
        person=desk.previous.person if desk.previous else desk.form.account_chosen(desk.found),
        email=told.get("email", ""),
        counselor=told["counselor"],
        language=told["language"],
        waits_for_reply=told["firm"] == BY_REPLY,
        previous=desk.previous,
    )
    reservation, overridden = enter(entry, now=timezone.now(), reason=told["reason"])
    about: dict[str, Any] = {"subject": reservation.number, "office_number": desk.office.number}
    detail = {"origin": reservation.origin, "status": reservation.status}
    record("reservation.entered", actor=request.user, request=request, detail=detail, **about)
    if overridden:
        record(
            "reservation.rule_overridden", actor=request.user, request=request, detail={"rules": overridden}, **about
        )
    return reservation


def searched(request: HttpRequest, office: Office) -> Found:
    """Look for the account, and keep that somebody did: not what was typed, only of which kind it was."""
    found = look_up(request.POST, office=office)
    by = [name for name in ("email", "seeker_number") if request.POST.get(name)]
    detail = {"by": by, "found": int(found.account is not None), "of_office": found.is_of_office}
    record("person.searched", actor=request.user, office_number=office.number, detail=detail, request=request)
    return found


def rules_of(refused: BookingError) -> list[dict[str, Any]]:
    """Each rule that refuses: what the person may be told, and what is behind it."""
    rules = refused.rules if isinstance(refused, EntryRefused) else []
    return [{"sentence": rule.message, "rule": REFUSALS[rule.code].rule} for rule in rules]
