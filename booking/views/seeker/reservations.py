"""A seeker's own reservations: my page, one reservation, cancel, enter the meeting, calendar file."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from booking.deadlines import cancel_closes_at, join_opens_at
from booking.enums import UPCOMING, ReservationStatus
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_seeker, why_not_cancel
from booking.flows.check_in import check_in
from booking.flows.move import why_not_move
from booking.flows.reserve import consenting, documents_of, must_agree_again
from booking.guest_access import token_of
from booking.invitations import calendar_file as make_calendar_file
from booking.mails.entry import REPLIES
from booking.messages_shown import messages_about, undelivered_among
from booking.models import OnlineMeeting, Reservation, SessionRequest
from booking.taking_part import taking_part_in
from booking.undelivered import is_unreached
from booking.views.content_security import has_button_to_meeting
from booking.views.seeker import drafts
from booking.views.seeker.access import own_reservation, reservation_page, seeker_page
from booking.views.seeker.waiting import entries_on_my_page
from terms.asking import ask_consent

SHOWN_AS_COMING = (*UPCOMING, ReservationStatus.AWAITING_LINK, ReservationStatus.AWAITING_REPLY)
"""With what only waits for the person's yes."""
PAST_SHOWN = 20
REQUESTS_SHOWN = 5


@require_safe
@seeker_page
def my_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    own = Reservation.objects.of_seeker(request.user).select_related("service", "office", "counselor")
    is_coming = Q(status__in=SHOWN_AS_COMING, ends_at__gt=now)
    coming = list(own.filter(is_coming))
    requests = list(SessionRequest.objects.of_seeker(request.user)[:REQUESTS_SHOWN])
    context = {
        "coming": coming,
        "undelivered": undelivered_among(coming),
        "past": own.booked().agreed().exclude(is_coming).order_by("-starts_at")[:PAST_SHOWN],
        "held": own.running_holds(now).first(),
        "requests": requests,
        "choice_url": drafts.kept_choice(request),
        "waiting": entries_on_my_page(request.user),
        "is_unreached": is_unreached([*coming, *requests]),
    }
    return render(request, "booking/my_page.html", context)


@require_safe
@has_button_to_meeting
@reservation_page
def reservation(request: HttpRequest, number: str) -> HttpResponse:
    now = timezone.now()
    shown = own_reservation(request, number)
    if shown.status == ReservationStatus.PROPOSED:
        return redirect(shown.session_request)
    if shown.status == ReservationStatus.OFFERED:
        return redirect(shown.offer.entry)
    if shown.status == ReservationStatus.AWAITING_REPLY:
        return redirect("booking:reply", token_of(shown, REPLIES))
    context: dict[str, Any] = {"reservation": shown, "service": shown.service, "office": shown.office, "now": now}
    context |= _meeting_facts(shown, now)
    context["cancel_refusal"] = why_not_cancel(shown, now=now)
    context["move_refusal"] = why_not_move(shown, now=now)
    context["cancel_closes_at"] = cancel_closes_at(shown)
    context["is_unreached"] = is_unreached([shown])
    context["mails"] = messages_about(shown, shows_access=context["is_coming"] and not context["must_agree"])
    return render(request, "booking/reservation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@reservation_page
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """GET asks once more, or says whom to call; only the POST cancels."""
    shown = own_reservation(request, number)
    refusal = why_not_cancel(shown, now=timezone.now())
    if request.method == "POST" and refusal is None:
        return _cancel(request, shown)
    context = {"reservation": shown, "office": shown.office, "service": shown.service, "refusal": refusal}
    return render(request, "booking/cancel.html", context, status=409 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@reservation_page
def join(request: HttpRequest, number: str) -> HttpResponse:
    """The join gate: the button notes that the person came and leads to the meeting; mails and pages name no other way.

    A GET notes nothing. A reservation that was cancelled, moved or is over leads to its page, which says so.

    A telephone call has no room to enter: staff say that it took place.
    """
    shown = own_reservation(request, number)
    if request.method != "POST" or taking_part_in(shown).is_by_phone:
        return redirect(shown)
    try:
        check_in(shown, by=shown.seeker, now=timezone.now())
    except BookingError as refusal:
        if refusal.code == "consent_missing":
            return redirect("booking:consent_again", shown.number)
        messages.warning(request, refusal.message)
        return redirect(shown)
    return _way_in(shown)


@require_http_methods(["GET", "HEAD", "POST"])
@reservation_page
def consent_again(request: HttpRequest, number: str) -> HttpResponse:
    """The newest terms of the session; only who agrees goes on (S-37)."""
    shown = own_reservation(request, number)
    path = shown.get_absolute_url()
    person, documents = consenting(shown.person), documents_of(shown.service)
    return ask_consent(request, person, documents=documents, next_path=path, back_path=path, contact=shown.office)


@require_safe
@reservation_page
def calendar_file(request: HttpRequest, number: str) -> HttpResponse:
    shown = own_reservation(request, number)
    file = make_calendar_file(shown, method="PUBLISH", now=timezone.now())
    headers = {"Content-Disposition": f'attachment; filename="hellowork-{shown.number}.ics"'}
    return HttpResponse(file.content, content_type="text/calendar; charset=utf-8; method=PUBLISH", headers=headers)


def _way_in(shown: Reservation) -> HttpResponse:
    """Asked after the entry was noted: who cancelled meanwhile has given the meeting up. The link is kept nowhere."""
    meeting = OnlineMeeting.objects.open_of(shown)
    response = redirect(meeting.join_url if meeting is not None and meeting.join_url else shown)
    response.headers["Referrer-Policy"] = "no-referrer"
    add_never_cache_headers(response)
    return response


def _cancel(request: HttpRequest, shown: Reservation) -> HttpResponse:
    try:
        cancel_by_seeker(shown, by=shown.seeker, now=timezone.now())
    except BookingError as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, _("予約を取り消しました。確認のメールをお送りします。"))
    return redirect(shown)


def _meeting_facts(shown: Reservation, now: datetime) -> dict[str, Any]:
    """The link and its passcode are for the owner who agreed to the newest terms, until the session is over (S-06, S-37)."""
    opens_at = join_opens_at(shown)
    is_coming = shown.status in UPCOMING and now < shown.ends_at
    must_agree = is_coming and must_agree_again(shown.service, shown.person, now=now)
    taking_part = taking_part_in(shown)
    return {
        "taking_part": taking_part,
        "has_begun": now >= shown.starts_at,
        "must_agree": must_agree,
        "is_coming": is_coming,
        "join_opens_at": opens_at,
        "can_join": is_coming and now >= opens_at,
        "meeting": taking_part.meeting if is_coming and not must_agree else None,
    }
