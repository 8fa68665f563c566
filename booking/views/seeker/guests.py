"""Reservations without an account: the link that confirms, the page behind it, and the way back by number and passcode."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.ratelimits import consume_each, network_of
from booking.availability import Search, nearest_slots
from booking.enums import CANCELLED, UPCOMING, Origin, ReservationStatus
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_seeker
from booking.flows.mail_link import confirm_by_link, why_not_confirm
from booking.guest_access import CONFIRMS, OPENS, is_passcode, passcode_of, uuid_behind
from booking.guest_forms import LookUpForm
from booking.mails.link import usable_until
from booking.models import Reservation
from booking.models.reservation import ReservationQuerySet
from booking.policies import LINK_FOLLOWS_AFTER
from booking.refusals import refusal
from booking.views.seeker import drafts
from booking.views.seeker.access import forget_proofs, keep_proof, own_reservation, reservation_page
from booking.views.seeker.requesting import SENT
from booking.views.seeker.time_buttons import buttons_of


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link. A GET confirms nothing, because mail scanners open links; the button does."""
    asked = _reservation_behind(token, CONFIRMS)
    if request.method == "POST":
        try:
            confirm_by_link(asked, now=timezone.now())
        except BookingError as refused:
            messages.warning(request, refused.message)
            return redirect("booking:link", token)
        drafts.forget(request)
        request.session.pop(SENT, None)
    elif asked.status not in UPCOMING:
        return _link_page(request, asked, token)
    if asked.guest is not None:
        keep_proof(request, asked)
        return redirect("booking:guest_done", asked.number)
    return redirect("booking:link_confirmed", token)


@require_safe
@never_cache
def link_confirmed(request: HttpRequest, token: str) -> HttpResponse:
    """Of an account's reservation the link tells that it stands; everything else is behind the sign-in."""
    asked = _reservation_behind(token, CONFIRMS)
    if asked.status not in UPCOMING:
        return redirect("booking:link", token)
    if asked.seeker == request.user:
        return redirect("booking:done", asked.number)
    context = {"reservation": asked, "office": asked.office, "service": asked.service}
    return render(request, "booking/guest/confirmed.html", context)


@require_POST
def link_cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Who has the mail may give the place back before it is firm."""
    asked = _reservation_behind(token, CONFIRMS)
    if asked.status == ReservationStatus.AWAITING_LINK:
        try:
            cancel_by_seeker(asked, by=asked.seeker, now=timezone.now())
        except BookingError as refused:
            messages.warning(request, refused.message)
    return redirect("booking:link", token)


@require_safe
@never_cache
@reservation_page
def done(request: HttpRequest, number: str) -> HttpResponse:
    """予約番号 and パスワード, and what comes next."""
    shown = own_reservation(request, number)
    if shown.guest is None or shown.status not in UPCOMING:
        return redirect(shown)
    context = {"reservation": shown, "passcode": passcode_of(shown), "link_follows_after": LINK_FOLLOWS_AFTER}
    return render(request, "booking/guest/done.html", context)


@require_safe
@never_cache
def open_page(request: HttpRequest, token: str) -> HttpResponse:
    """The personal link in the mails. It leads on at once, so that no address bar keeps it."""
    shown = _reservation_behind(token, OPENS)
    if shown.guest is None:
        raise Http404
    keep_proof(request, shown)
    return redirect(shown)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def look_up(request: HttpRequest) -> HttpResponse:
    """By number and passcode. What is wrong is not told: neither which of the two, nor whether the number exists."""
    form = LookUpForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        keys = {"ip": network_of(get_adapter().get_client_ip(request)), "number": form.cleaned_data["number"]}
        if not consume_each("look_up", keys, settings.LOOK_UP_RATE_LIMITS):
            return render(request, "429.html", status=429)
        found = _guests().filter(number=form.cleaned_data["number"]).first()
        if found is not None and is_passcode(found, form.cleaned_data["passcode"]):
            keep_proof(request, found)
            return redirect(found)
        form.add_error(None, refusal("unknown_reservation").message)
    return render(request, "booking/guest/look_up.html", {"form": form})


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """On a computer of others: this browser forgets the reservation and what was typed."""
    forget_proofs(request)
    drafts.forget(request)
    request.session.pop(SENT, None)
    messages.success(
        request, _("予約の照会を終わりました。もう一度見るときは、予約番号とパスワードを入力してください。")
    )
    return redirect("booking:look_up")


def _guests() -> ReservationQuerySet:
    return Reservation.objects.booked().filter(seeker=None)


def _reservation_behind(token: str, salt: str) -> Reservation:
    asked = Reservation.objects.with_facts().booked()
    if salt == CONFIRMS:
        asked = asked.filter(origin=Origin.MAIL_LINK)
    return get_object_or_404(asked, uuid=uuid_behind(token, salt))


def _link_page(request: HttpRequest, asked: Reservation, token: str) -> HttpResponse:
    """With the button; or why there is none, with the nearest free times."""
    now = timezone.now()
    refused = why_not_confirm(asked, now=now)
    context = {"reservation": asked, "office": asked.office, "service": asked.service, "token": token}
    if refused is None:
        return render(request, "booking/guest/link.html", {**context, "until": usable_until(asked)})
    slots = nearest_slots(Search(service=asked.service, now=now, person=asked.person), around=asked.starts_at)
    context |= {"refusal": refused, "times": buttons_of(slots), "is_cancelled": asked.status in CANCELLED}
    return render(request, "booking/guest/link_over.html", context, status=410)
