"""The person answers a reservation that staff entered: behind the mailed link, with or without an account (K-19)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking.enums import CANCELLED, UPCOMING, Origin
from booking.errors import BookingError
from booking.flows.answer import answer_by_link, missing_for_answer, why_not_answer
from booking.flows.cancel import cancel_by_seeker
from booking.flows.reserve import consenting
from booking.guest_access import uuid_behind
from booking.mails.entry import REPLIES
from booking.models import Reservation
from booking.views.seeker.access import keep_proof
from terms.consent import give_consent
from terms.forms import ConsentForm

WITHDRAW = "withdraw"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def reply(request: HttpRequest, token: str) -> HttpResponse:
    """A GET confirms nothing, because mail scanners open links; the button does, once the terms are agreed to."""
    asked = _asked_for(token)
    now = timezone.now()
    refused = why_not_answer(asked, now=now)
    form = ConsentForm(request.POST if request.method == "POST" else None, missing=missing_for_answer(asked, now=now))
    if request.method == "POST" and refused is None:
        if request.POST.get("do") == WITHDRAW:
            return _act(request, token, cancel_by_seeker, asked, by=asked.seeker)
        if form.is_valid():
            give_consent(
                consenting(asked.person), versions=form.versions, language=get_language() or "ja", request=request
            )
            return _act(request, token, answer_by_link, asked)
    context = {"reservation": asked, "office": asked.office, "service": asked.service, "form": form}
    context |= {"refusal": refused, "is_firm": asked.status in UPCOMING, "is_cancelled": asked.status in CANCELLED}
    is_over = refused is not None and asked.status not in UPCOMING
    return render(request, "booking/reply.html", context, status=410 if is_over else 200)


def _asked_for(token: str) -> Reservation:
    entered = Reservation.objects.with_facts().booked().filter(origin=Origin.REPLY)
    return get_object_or_404(
        entered.select_related("service__terms", "service__software_terms"), uuid=uuid_behind(token, REPLIES)
    )


def _act(request: HttpRequest, token: str, flow: Any, asked: Reservation, **options: Any) -> HttpResponse:
    """The same page says what became of it; a guest is shown the passcode."""
    try:
        done = flow(asked, now=timezone.now(), **options)
    except BookingError as refused:
        messages.warning(request, refused.message)
        return redirect("booking:reply", token)
    if done.guest is not None and done.status in UPCOMING:
        keep_proof(request, done)
        return redirect("booking:guest_done", done.number)
    return redirect("booking:reply", token)
