"""From a chosen time to a request by mail link, with or without an account: details, check, mail sent (S-30, S-31).

The time is in the address, what was typed in the session: nothing is kept for anybody before the last step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial, wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.ratelimits import consume_each, network_of
from booking.availability import Search, slot_at
from booking.clock import day_of
from booking.deadlines import booking_closes_at
from booking.enums import BookingWay, ReservationStatus
from booking.errors import BookingError, SlotTaken
from booking.flows.mail_link import ABOUT_THE_PERSON, request_by_link
from booking.forms import ChoiceForm, DetailsForm
from booking.guest_forms import GuestForm
from booking.mails.link import queue_refusal
from booking.models import Counselor, PolicyVersion, Reservation, Service
from booking.policies import LINK_LASTS
from booking.refusals import refusal
from booking.views.seeker import drafts
from booking.views.seeker.access import open_service
from booking.views.seeker.times import choice_url
from terms.consent import MissingConsent, give_consent, missing_consents, portal_documents
from terms.forms import ConsentForm
from terms.models import TermsDocument

SENT = "link_request"
"""Key in the session: what the page after the request tells, and the request that another one of this browser replaces."""
ERRORS = "&errors"
NOBODY = "guest:nobody"
"""Has agreed to nothing: everybody without an account is asked everything, so that the page says of no address whether
it is known."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The time that is asked for, as the address of each step tells it."""

    service: Service
    version: PolicyVersion
    start: datetime
    counselor: Counselor | None = None
    language: str = ""

    @property
    def starts_at(self) -> datetime:
        return self.start

    @property
    def ends_at(self) -> datetime:
        return self.start + self.service.policy_on(day_of(self.start)).length

    def url(self, name: str) -> str:
        return choice_url(name, self.service, start=self.start, counselor=self.counselor, language=self.language)


def link_step(view: Callable[[HttpRequest, Wish], HttpResponse]) -> Callable[[HttpRequest, int], HttpResponse]:
    """A page that speaks of a time of a service which is booked by mail link; others lead back to the times."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def step(request: HttpRequest, pk: int) -> HttpResponse:
        service = open_service(pk)
        version = service.version_on(day_of(timezone.now()))
        form = ChoiceForm(request.GET, service=service)
        if version.policy.way != BookingWay.MAIL_LINK:
            messages.warning(request, refusal("other_way").message)
        elif form.is_valid():
            return view(request, Wish(service=service, version=version, **form.cleaned_data))
        return redirect("booking:times", pk)

    return step


@link_step
def details(request: HttpRequest, wish: Wish) -> HttpResponse:
    kind = _form_of(request)
    if request.method == "POST":
        form = kind(request.POST, version=wish.version)
        is_kept = drafts.keep(request, form)
        if form.is_valid():
            return redirect(wish.url("booking:link_check"))
        if is_kept:
            return redirect(wish.url("booking:link_details") + ERRORS)
    elif _is_gone(request, wish):
        return redirect(choice_url("booking:taken", wish.service, start=wish.start))
    else:
        fill = drafts.bound_form if "errors" in request.GET else drafts.unbound_form
        form = fill(request, wish.version, kind=kind)
    return _step(request, "booking/guest/details.html", wish, form=form)


@link_step
def check(request: HttpRequest, wish: Wish) -> HttpResponse:
    typed = drafts.bound_form(request, wish.version, kind=_form_of(request))
    if not typed.is_valid():
        return redirect(wish.url("booking:link_details"))
    form = ConsentForm(_ticks(request), missing=_asked(request, wish))
    if request.method == "POST":
        if form.is_valid():
            return _request(request, wish, typed, form)
        drafts.keep_ticks(request, form)
        return redirect(wish.url("booking:link_check") + ERRORS)
    told = [(field, _words(typed, field.name)) for field in typed]
    told = [(field, words) for field, words in told if words or field.name != "interpreter_language"]
    return _step(request, "booking/guest/check.html", wish, form=form, told=told)


@require_safe
@never_cache
def sent(request: HttpRequest) -> HttpResponse:
    """The same for every address, whether there is an account behind it or not (ASVS 6.3.8)."""
    kept = request.session.get(SENT)
    if kept is None:
        return redirect("booking:start")
    service = open_service(kept["service"])
    start, until = (datetime.fromisoformat(kept[name]) for name in ("start", "until"))
    wish = Wish(service=service, version=service.version_on(day_of(timezone.now())), start=start)
    context = {"wish": wish, "service": service, "office": service.office, "email": kept["email"], "url": kept["url"]}
    context["until"] = until
    return render(request, "booking/guest/sent.html", context)


def _request(request: HttpRequest, wish: Wish, typed: DetailsForm, form: ConsentForm) -> HttpResponse:
    who = request.user if request.user.is_authenticated else typed.cleaned_data["email"]
    email = str(getattr(who, "email", who))
    keys = {"ip": network_of(get_adapter().get_client_ip(request)), "address": email}
    if not consume_each("link_request", keys, settings.LINK_RATE_LIMITS):
        return render(request, "429.html", status=429)
    try:
        reservation = _keep_place(request, who, wish, typed, form)
    except SlotTaken:
        return redirect(choice_url("booking:taken", wish.service, start=wish.start))
    except BookingError as refused:
        messages.warning(request, refused.message)
        return redirect("booking:times", wish.service.pk)
    _keep_sent(request, wish, email=email, reservation=reservation)
    return redirect("booking:link_sent")


def _keep_place(
    request: HttpRequest, who: Any, wish: Wish, typed: DetailsForm, form: ConsentForm
) -> Reservation | None:
    """None when the owner of the address is told by mail why not: whoever only typed it learns nothing."""
    now = timezone.now()
    agree = partial(give_consent, versions=form.versions, language=get_language() or "ja", request=request)
    try:
        return request_by_link(
            who,
            service=wish.service,
            starts_at=wish.start,
            details=typed.details(),
            agree=agree,
            now=now,
            counselor=wish.counselor,
            language=wish.language,
            instead_of=_own_request(request),
        )
    except BookingError as refused:
        if request.user.is_authenticated or refused.code not in ABOUT_THE_PERSON:
            raise
        with transaction.atomic():
            queue_refusal(who, refused=refused, service=wish.service, starts_at=wish.start, now=now)
        return None


def _keep_sent(request: HttpRequest, wish: Wish, *, email: str, reservation: Reservation | None) -> None:
    now = timezone.now()
    until = min(now + LINK_LASTS, booking_closes_at(wish.service, wish.start, now=now))
    request.session[SENT] = {
        "service": wish.service.pk,
        "email": email,
        "start": wish.start.isoformat(),
        "until": until.isoformat(),
        "url": wish.url("booking:link_details"),
        "request": reservation.pk if reservation else None,
    }


def _own_request(request: HttpRequest) -> Reservation | None:
    """What this browser asked for before, perhaps with a mistyped address."""
    pk = request.session.get(SENT, {}).get("request")
    return Reservation.objects.filter(pk=pk, status=ReservationStatus.AWAITING_LINK).first() if pk else None


def _is_gone(request: HttpRequest, wish: Wish) -> bool:
    """Told before anybody types. The place that this browser asked for itself is not gone."""
    own = _own_request(request)
    if own is not None and own.service_id == wish.service.pk and own.starts_at == wish.start:
        return False
    search = Search(service=wish.service, now=timezone.now(), counselor=wish.counselor, language=wish.language)
    return slot_at(search, wish.start) is None


def _form_of(request: HttpRequest) -> type[DetailsForm]:
    """Who is signed in is written to at the account's address."""
    return DetailsForm if request.user.is_authenticated else GuestForm


def _asked(request: HttpRequest, wish: Wish) -> list[MissingConsent]:
    """What the person has to agree to: the portal's terms, the service's, its software's."""
    person = request.user if request.user.is_authenticated else NOBODY
    documents: list[TermsDocument] = [*portal_documents(), wish.service.terms, wish.service.software_terms]
    return missing_consents(person, documents=documents, on=day_of(timezone.now()))


def _ticks(request: HttpRequest) -> Mapping[str, Any] | None:
    if request.method == "POST":
        return request.POST
    return drafts.kept_ticks(request) if "errors" in request.GET else None


def _words(form: DetailsForm, name: str) -> str:
    """What was typed, in the words of the form."""
    field, typed = form.fields[name], form[name].data
    if isinstance(field, forms.ChoiceField):
        chosen = {str(value) for value in (typed if isinstance(typed, list) else [typed])}
        return "、".join(str(label) for value, label in field.choices if str(value) in chosen)  # type: ignore[misc, union-attr]
    value = form.cleaned_data.get(name)
    return str(getattr(value, "display", value or ""))


def _step(request: HttpRequest, template: str, wish: Wish, **context: Any) -> HttpResponse:
    urls = {"details_url": wish.url("booking:link_details"), "check_url": wish.url("booking:link_check")}
    return render(
        request, template, {"wish": wish, "service": wish.service, "version": wish.version, **urls, **context}
    )
