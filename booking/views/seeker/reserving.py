"""From the held time to the reservation: details, check, done. Each step leads back to the one that is missing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from booking.clock import day_of
from booking.enums import UPCOMING
from booking.errors import BookingError, SlotTaken
from booking.flows.reserve import reserve
from booking.forms import DetailsForm
from booking.models import Reservation
from booking.policies import LINK_FOLLOWS_AFTER
from booking.views.seeker import drafts
from booking.views.seeker.access import booking_step, own_reservation, seeker_page
from booking.views.seeker.times import choice_url
from terms.consent import MissingConsent, give_consent, missing_consents
from terms.forms import ConsentForm

ERRORS = "errors"
"""Query of a step that shows what was sent, judged."""


@require_http_methods(["GET", "HEAD", "POST"])
@booking_step
def details(request: HttpRequest, held: Reservation) -> HttpResponse:
    version = held.service.version_on(day_of(timezone.now()))
    if request.method == "POST":
        form = DetailsForm(request.POST, version=version)
        is_kept = drafts.keep(request, form)
        if form.is_valid():
            return redirect("booking:check", held.number)
        if is_kept:
            return _show_errors("booking:details", held)
    else:
        fill = drafts.bound_form if ERRORS in request.GET else drafts.unbound_form
        form = fill(request, version)
    return _step(request, "booking/details.html", held, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@booking_step
def check(request: HttpRequest, held: Reservation) -> HttpResponse:
    typed = drafts.bound_form(request, held.service.version_on(day_of(timezone.now())))
    if not typed.is_valid():
        return redirect("booking:details", held.number)
    form = ConsentForm(_ticks(request), missing=_missing_consents(request.user, held))
    if request.method == "POST":
        if not form.is_valid():
            drafts.keep_ticks(request, form)
            return _show_errors("booking:check", held)
        give_consent(held.person, versions=form.versions, language=get_language() or "ja", request=request)
        return _reserve(request, held, typed)
    return _step(request, "booking/check.html", held, form=form, details=typed.details())


@require_safe
@seeker_page
def done(request: HttpRequest, number: str) -> HttpResponse:
    reservation = own_reservation(request, number)
    if reservation.status not in UPCOMING:
        return redirect(reservation)
    return render(request, "booking/done.html", {"reservation": reservation, "link_follows_after": LINK_FOLLOWS_AFTER})


def _ticks(request: HttpRequest) -> Mapping[str, Any] | None:
    if request.method == "POST":
        return request.POST
    return drafts.kept_ticks(request) if ERRORS in request.GET else None


def _show_errors(url_name: str, held: Reservation) -> HttpResponse:
    """By GET: from a page that answered a POST, the browser's Back button would ask to send the form again."""
    return redirect(f"{reverse(url_name, args=[held.number])}?{ERRORS}")


def _step(request: HttpRequest, template: str, held: Reservation, **context: Any) -> HttpResponse:
    now = timezone.now()
    left = held.hold_expires_at - now if held.hold_expires_at and held.is_held(now=now) else timedelta(0)
    context |= {"held": held, "service": held.service, "version": held.service.version_on(day_of(now))}
    context |= {"seconds_left": int(left.total_seconds())}
    return render(request, template, context)


def _reserve(request: HttpRequest, held: Reservation, typed: DetailsForm) -> HttpResponse:
    try:
        reservation = reserve(held, details=typed.details(), now=timezone.now())
    except SlotTaken:
        return redirect(choice_url("booking:taken", held.service, start=held.starts_at))
    except BookingError as refusal:
        messages.warning(request, refusal.message)
        return redirect("booking:times", held.service_id)
    drafts.forget(request)
    return redirect("booking:done", reservation.number)


def _missing_consents(person: Any, held: Reservation) -> list[MissingConsent]:
    documents = [held.service.terms, held.service.software_terms]
    return missing_consents(person, documents=documents, on=day_of(timezone.now()))
