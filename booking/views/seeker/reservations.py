"""A seeker's own reservations: my page, one reservation, cancel, enter the meeting, calendar file."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from booking.enums import UPCOMING
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_seeker, why_not_cancel
from booking.flows.check_in import check_in
from booking.invitations import calendar_file as make_calendar_file
from booking.models import OnlineMeeting, Reservation
from booking.rules.windows import cancel_closes_at, join_opens_at
from booking.views.content_security import has_button_to_meeting
from booking.views.seeker import drafts
from booking.views.seeker.access import own_reservation, seeker_page

PAST_SHOWN = 20


@require_safe
@seeker_page
def my_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    own = Reservation.objects.of_seeker(request.user).select_related("service", "office", "counselor")
    is_coming = Q(status__in=UPCOMING, ends_at__gt=now)
    context = {
        "coming": own.filter(is_coming),
        "past": own.booked().exclude(is_coming).order_by("-starts_at")[:PAST_SHOWN],
        "held": own.running_holds(now).first(),
        "choice_url": drafts.kept_choice(request),
    }
    return render(request, "booking/my_page.html", context)


@require_safe
@has_button_to_meeting
@seeker_page
def reservation(request: HttpRequest, number: str) -> HttpResponse:
    now = timezone.now()
    shown = own_reservation(request, number)
    context = {"reservation": shown, "service": shown.service, "office": shown.office, "now": now}
    context |= _meeting_facts(shown, now)
    context["cancel_refusal"] = why_not_cancel(shown, now=now)
    context["cancel_closes_at"] = cancel_closes_at(shown.starts_at, shown.service.policy)
    return render(request, "booking/reservation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@seeker_page
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """GET asks once more, or says whom to call; only the POST cancels."""
    shown = own_reservation(request, number)
    refusal = why_not_cancel(shown, now=timezone.now())
    if request.method == "POST" and refusal is None:
        return _cancel(request, shown)
    context = {"reservation": shown, "office": shown.office, "service": shown.service, "refusal": refusal}
    return render(request, "booking/cancel.html", context, status=409 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@seeker_page
def join(request: HttpRequest, number: str) -> HttpResponse:
    """The button checks the person in and leads to the meeting. A cancelled reservation leads nowhere."""
    shown = own_reservation(request, number)
    if request.method != "POST":
        return redirect(shown)
    try:
        check_in(shown, by=request.user, now=timezone.now())
    except BookingError as refusal:
        messages.warning(request, refusal.message)
        return redirect(shown)
    meeting = OnlineMeeting.objects.open_of(shown)
    return redirect(meeting.join_url if meeting else shown)


@require_safe
@seeker_page
def calendar_file(request: HttpRequest, number: str) -> HttpResponse:
    shown = own_reservation(request, number)
    file = make_calendar_file(shown, method="PUBLISH", now=timezone.now())
    headers = {"Content-Disposition": f'attachment; filename="hellowork-{shown.number}.ics"'}
    return HttpResponse(file.content, content_type="text/calendar; charset=utf-8; method=PUBLISH", headers=headers)


def _cancel(request: HttpRequest, shown: Reservation) -> HttpResponse:
    try:
        cancel_by_seeker(shown, by=request.user, now=timezone.now())
    except BookingError as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, _("予約を取り消しました。確認のメールをお送りします。"))
    return redirect(shown)


def _meeting_facts(shown: Reservation, now: datetime) -> dict[str, Any]:
    """The link and its passcode are for the owner, until the session is over (S-06)."""
    opens_at = join_opens_at(shown.starts_at, shown.service.policy)
    is_coming = shown.status in UPCOMING and now < shown.ends_at
    return {
        "is_coming": is_coming,
        "join_opens_at": opens_at,
        "can_join": is_coming and now >= opens_at,
        "meeting": OnlineMeeting.objects.open_of(shown) if is_coming else None,
    }
