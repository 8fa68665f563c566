"""Asking the office to arrange a time: the form, the check, and the page of a request (H-25)."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import EmployerProfile, User
from accounts.ratelimits import consume_if_counting
from booking.admission import applicant_of
from booking.availability import Search, Slot, free_slots
from booking.clock import JST, day_of
from booking.deadlines import booking_policy
from booking.enums import BookingWay
from booking.errors import BookingError
from booking.flows.arrange import accept_proposal, decline_proposal, former_proposals, request_session, withdraw_request
from booking.forms import details_known_of
from booking.messages_shown import messages_about_request
from booking.models import Service, SessionRequest
from booking.refusals import refusal, refusal_for
from booking.rules.eligibility import why_not_eligible
from booking.views.seeker import drafts
from booking.views.seeker.access import open_service, seeker_page
from booking.views.seeker.wishes import RequestForm
from terms.consent import MissingConsent, give_consent, missing_consents
from terms.forms import ConsentForm

ERRORS = "errors"
"""Query of a step that shows what was sent, judged."""
DAYS_OF_HELP = 5
ANSWERS = {
    "accept": (accept_proposal, _("予約が決まりました。確認のメールをお送りします。")),
    "decline": (decline_proposal, _("お返事を受け付けました。ハローワークが別の日時を調整します。")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@seeker_page
def request_form(request: HttpRequest, pk: int) -> HttpResponse:
    service, now = open_service(pk), timezone.now()
    if elsewhere := _elsewhere(request, service, now=now):
        return elsewhere
    form = _form(request, service, now=now)
    if request.method == "POST":
        is_kept = drafts.keep(request, form)
        if form.is_valid():
            return redirect("booking:request_check", pk)
        if is_kept:
            return redirect(f"{reverse('booking:request_form', args=[pk])}?{ERRORS}")
    slots = free_slots(Search(service=service, now=now, person=request.user))
    context = {"service": service, "version": form.version, "form": form, "free": _first_days(slots)}
    return render(request, "booking/request_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@seeker_page
def request_check(request: HttpRequest, pk: int) -> HttpResponse:
    service, now = open_service(pk), timezone.now()
    if elsewhere := _elsewhere(request, service, now=now):
        return elsewhere
    typed = RequestForm(_draft(request), service=service, person=request.user, now=now)
    if not typed.is_valid():
        return redirect(f"{reverse('booking:request_form', args=[pk])}?{ERRORS}")
    ticks = request.POST if request.method == "POST" else None
    form = ConsentForm(ticks, missing=_missing_consents(request.user, service, now=now))
    if request.method == "POST" and form.is_valid():
        give_consent(asking(request), versions=form.versions, language=get_language() or "ja", request=request)
        return _send(request, service, typed)
    context = {"service": service, "version": typed.version, "form": form}
    context |= {"details": typed.details(), "wishes": typed.wishes(), "employer": employer_of(request.user)}
    return render(request, "booking/request_check.html", context)


@require_safe
@seeker_page
def request_done(request: HttpRequest, number: str) -> HttpResponse:
    return render(request, "booking/request_done.html", {"asked": own_request(request, number)})


@require_safe
@seeker_page
def session_request(request: HttpRequest, number: str) -> HttpResponse:
    asked = own_request(request, number)
    context: dict[str, Any] = {"asked": asked, "office": asked.office, "service": asked.service}
    context["proposal"] = asked.proposal
    context["mails"] = messages_about_request(asked)
    context |= {"former": former_proposals(asked), "employer": employer_of(request.user)}
    return render(request, "booking/request.html", context)


@require_POST
@seeker_page
def answer_proposal(request: HttpRequest, number: str) -> HttpResponse:
    """Yes or no to the very time that the page showed."""
    asked = own_request(request, number)
    flow, done = ANSWERS.get(request.POST.get("answer", ""), (None, ""))
    if flow is None:
        return redirect(asked)
    try:
        flow(asked, number=request.POST.get("place", ""), by=request.user, now=timezone.now())
    except BookingError as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, done)
    return redirect(asked)


@require_POST
@seeker_page
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    asked = own_request(request, number)
    try:
        withdraw_request(asked, by=request.user, now=timezone.now())
    except BookingError as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, _("申込みを取り下げました。"))
    return redirect(asked)


def own_request(request: HttpRequest, number: str) -> SessionRequest:
    rows = SessionRequest.objects.with_facts().filter(seeker=request.user.pk)
    return get_object_or_404(rows, number=number)


def asking(request: HttpRequest) -> User:
    """Who is signed in: seeker_page lets nobody else in."""
    return cast(User, request.user)


def employer_of(person: Any) -> EmployerProfile | None:
    return getattr(person, "employer_profile", None)


def _elsewhere(request: HttpRequest, service: Service, *, now: datetime) -> HttpResponse | None:
    """Where the person goes who cannot ask here: the open request, or the page of the service, which tells the way."""
    policy = booking_policy(service, now=now)
    if policy.way != BookingWay.ARRANGED:
        return redirect("booking:service", service.pk)
    opened = SessionRequest.objects.open().filter(service=service, seeker=request.user.pk).first()
    if opened is not None:
        messages.info(request, refusal("request_open").message)
        return redirect(opened)
    reason = why_not_eligible(applicant_of(request.user, service=service, now=now), policy)
    if reason is None:
        return None
    messages.warning(request, refusal_for(reason, office=service.office).message)
    return redirect("booking:service", service.pk)


def _form(request: HttpRequest, service: Service, *, now: datetime) -> RequestForm:
    about: dict[str, Any] = {"service": service, "person": request.user, "now": now}
    if request.method == "POST":
        return RequestForm(request.POST, **about)
    if ERRORS in request.GET:
        return RequestForm(_draft(request), **about)
    return RequestForm(initial={**details_known_of(request.user), **_draft(request)}, **about)  # type: ignore[arg-type]


def _draft(request: HttpRequest) -> dict[str, Any]:
    draft: dict[str, Any] = request.session.get(drafts.KEY, {})
    return draft


def _send(request: HttpRequest, service: Service, typed: RequestForm) -> HttpResponse:
    if not consume_if_counting("booking", str(request.user.pk), settings.BOOKING_RATE_LIMITS["user"]):
        return render(request, "429.html", status=429)
    try:
        asked = request_session(
            service=service, seeker=request.user, wishes=typed.wishes(), details=typed.details(), now=timezone.now()
        )
    except BookingError as refused:
        messages.warning(request, refused.message)
        return redirect("booking:request_form", service.pk)
    drafts.forget(request)
    return redirect("booking:request_done", asked.number)


def _missing_consents(person: Any, service: Service, *, now: datetime) -> list[MissingConsent]:
    return missing_consents(person, documents=[service.terms, service.software_terms], on=day_of(now))


def _first_days(slots: Iterable[Slot]) -> list[tuple[date, list[datetime]]]:
    """The free times of the first days that have any: a help for wishing, nothing more."""
    starts = (slot.starts_at.astimezone(JST) for slot in slots)
    return [(day, list(times)) for day, times in groupby(starts, key=lambda start: start.date())][:DAYS_OF_HELP]
