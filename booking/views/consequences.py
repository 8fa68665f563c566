"""What follows when a session did not take place: the list of what staff must decide, consequence, restriction."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from audit.record import record
from booking import permissions
from booking.acts import ACT_BY_SLUG, Act
from booking.agenda import needs_decision
from booking.clock import JST
from booking.enums import Ground, ReservationStatus
from booking.errors import BookingError
from booking.flows.consequence import Decision, Proposal, confirm_no_show, propose
from booking.flows.restrict import coming_of, restrict
from booking.mails.consequences import default_text, email_of
from booking.models import Reservation, Restriction
from booking.views.act_forms import ConsequenceForm, RestrictionForm
from booking.views.counselor import back_to, reservation_of, warn_of_no_mail
from booking.views.office import office_page
from offices.models import Office

ANSWERS = ("complete", "contacted", "office-absent", "no-show")
"""The acts that answer the question whether the session took place, and whose fault it was that it did not."""
MOST_SHOWN = 100


@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    """Reservations of the office that wait for a decision of staff: why nobody came, and what follows."""
    context, office = office_page(request, title=_("確認が必要な予約"))
    if office is not None:
        undecided, to_confirm = needs_decision(request.user, office=office)
        now = timezone.now()
        rows = undecided[:MOST_SHOWN]
        context["undecided"] = [{"reservation": row, "acts": answers_for(request.user, row, now=now)} for row in rows]
        context["to_confirm"] = to_confirm[:MOST_SHOWN]
        context["may_judge"] = permissions.can_restrict(request.user, office.pk)
        record("decisions.viewed", actor=request.user, office_number=office.number, request=request)
    return TemplateResponse(request, "admin/decisions.html", context)


def answers_for(user: Any, reservation: Reservation, *, now: datetime) -> list[Act]:
    return [act for slug in ANSWERS if (act := ACT_BY_SLUG[slug]).is_offered(user, reservation, now=now)]


@require_http_methods(["GET", "POST"])
def consequence(request: HttpRequest, number: str) -> HttpResponse:
    """How often the person did not come, what the office's rule proposes, and the form to confirm one of three."""
    reservation = judged_reservation(request, number)
    proposed = propose(reservation, now=timezone.now())
    form = ConsequenceForm(
        request.POST if request.method == "POST" else None, initial=initial_of(reservation, proposed)
    )
    if form.is_valid() and confirmed(request, reservation, proposed, form=form):
        return redirect(back_to(request, reservation))
    context = {
        **page_about(request, reservation, title=_("無断欠席への対応")),
        "form": form,
        "proposed": proposed,
        "is_open": reservation.status == ReservationStatus.NO_SHOW and reservation.no_show_confirmed_at is None,
    }
    return TemplateResponse(request, "admin/consequence.html", context)


def initial_of(reservation: Reservation, proposed: Proposal) -> dict[str, Any]:
    text = default_text(reservation.office, ground=Ground.NO_SHOWS)
    return {"consequence": proposed.consequence, "ends_on": proposed.ends_on, "text": text}


def confirmed(request: HttpRequest, reservation: Reservation, proposed: Proposal, *, form: ConsequenceForm) -> bool:
    decision = Decision(**form.cleaned_data)
    try:
        confirm_no_show(reservation, decision=decision, by=request.user, now=timezone.now())
    except BookingError as refusal:
        form.add_error(None, refusal.message)
        return False
    detail = {"consequence": str(decision.consequence), "proposed": str(proposed.consequence), "count": proposed.count}
    record_about(request, "reservation.no_show_confirmed", reservation, detail=detail)
    messages.success(request, _("無断欠席への対応を記録しました。"))
    if decision.consequence != "note":
        tell_about_person(request, reservation.person, office=reservation.office)
    return True


@require_http_methods(["GET", "POST"])
def restrict_person(request: HttpRequest, number: str) -> HttpResponse:
    """Close the office's online booking to the person of the reservation; prefilled after a session was stopped."""
    reservation = judged_reservation(request, number)
    form = RestrictionForm(
        request.POST if request.method == "POST" else None, initial=initial_restriction(request, reservation)
    )
    if form.is_valid() and restricted(request, reservation, form=form):
        return redirect(back_to(request, reservation))
    context = {
        **page_about(request, reservation, title=_("利用を制限する")),
        "form": form,
        "templates": [(g.value, g.label) for g in (Ground.REGISTRATION_TO_CHECK, Ground.NO_SHOWS, Ground.HINDERING)],
        "coming": coming_of(reservation.person, office_id=reservation.office_id, now=timezone.now()),
    }
    return TemplateResponse(request, "admin/restrict.html", context)


def initial_restriction(request: HttpRequest, reservation: Reservation) -> dict[str, Any]:
    wanted = request.GET.get("ground", "")
    ground = wanted if wanted in Ground.values else reservation.stop_ground
    event = reservation.events.filter(to_status=ReservationStatus.STOPPED).last()
    return {
        "ground": ground,
        "reason": event.reason if event else "",
        "text": default_text(reservation.office, ground=ground),
    }


def restricted(request: HttpRequest, reservation: Reservation, *, form: RestrictionForm) -> bool:
    try:
        restriction = restrict(
            reservation.person,
            office=reservation.office,
            reservation=reservation,
            by=request.user,
            now=timezone.now(),
            **form.cleaned_data,
        )
    except BookingError as refusal:
        form.add_error(None, refusal.message)
        return False
    record_about(request, "restriction.added", reservation, detail={"ground": restriction.ground})
    messages.success(request, _("利用を制限しました。"))
    tell_about_person(request, reservation.person, office=reservation.office)
    return True


def tell_about_person(request: HttpRequest, person: Any, *, office: Office) -> None:
    """What staff must still do: call who has no mail address, and decide about what is booked already."""
    if not email_of(person):
        warn_of_no_mail(request)
    is_restricted = Restriction.objects.in_force(timezone.localdate()).of_person(person).filter(office=office).exists()
    coming = list(coming_of(person, office_id=office.pk, now=timezone.now())) if is_restricted else []
    if coming:
        links = [(page_of(row), date_format(row.starts_at.astimezone(JST), "DATETIME_FORMAT")) for row in coming]
        items = format_html_join("", '<li><a href="{}">{}</a></li>', links)
        text = ngettext(
            "この方には、これからの予約が%(count)d件あります。予約はそのまま残っています。必要なときは、取り消すか、電話で相談してください。",
            "この方には、これからの予約が%(count)d件あります。予約はそのまま残っています。必要なときは、取り消すか、電話で相談してください。",
            len(coming),
        )
        messages.warning(request, format_html("{}<ul>{}</ul>", text % {"count": len(coming)}, items))


def judged_reservation(request: HttpRequest, number: str) -> Reservation:
    reservation = reservation_of(request, number)
    if not permissions.can_restrict(request.user, reservation.office_id):
        raise PermissionDenied
    return reservation


def page_about(request: HttpRequest, reservation: Reservation, *, title: str) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": title,
        "reservation": reservation,
        "next": back_to(request, reservation),
    }


def page_of(reservation: Reservation) -> str:
    return reverse("admin:booking_reservation_change", args=[reservation.pk])


def record_about(request: HttpRequest, action: str, reservation: Reservation, *, detail: dict[str, Any]) -> None:
    record(
        action,
        actor=request.user,
        subject=reservation.number,
        office_number=reservation.office.number,
        detail=detail,
        request=request,
    )
