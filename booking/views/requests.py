"""What staff do with the requests of their office: the list, one request, accept a wish, propose, refuse (H-25, H-16)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.record import record
from booking.admission import recognition_of
from booking.availability import free_slots, slot_at
from booking.clock import day_of
from booking.errors import BookingError
from booking.flows.arrange import accept_wish, former_proposals, propose, refuse_request, search_for, why_not_arrange
from booking.forms import AwareMomentField
from booking.models import Counselor, SessionRequest
from booking.models.schedule import CounselorQuerySet
from booking.permissions import can_answer_request, can_see_topics_of
from booking.refusals import refusal
from booking.undelivered import undelivered_about
from booking.views.act_forms import ReasonForm
from booking.views.office import chosen_day, office_page
from offices.models import Office

SETTLED_SHOWN = 20
TO_STAFF = {"slot_taken": "counselor_busy", "seeker_busy": "person_busy"}
"""The same refusal, said to staff instead of to the person."""


class AnswerForm(forms.Form):
    """A time and the counselor who takes it."""

    start = AwareMomentField(error_messages={"required": _("時間を選んでください。")})
    counselor = forms.ModelChoiceField(
        Counselor.objects.none(), error_messages={"required": _("相談員を選んでください。")}
    )

    def __init__(self, *args: Any, counselors: CounselorQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["counselor"].queryset = counselors  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Wish:
    """One of the wished times, with who could take it now, or the rule that forbids it."""

    starts_at: datetime
    counselors: list[Counselor]
    refused: BookingError | None

    @property
    def field_id(self) -> str:
        return f"counselor-{self.starts_at.timestamp():.0f}"


@require_safe
def request_list(request: HttpRequest) -> HttpResponse:
    """Who waits longest comes first."""
    context, office = office_page(request, title=_("日時の調整の申込み"))
    if office is not None:
        rows = SessionRequest.objects.visible_to(request.user).filter(office=office).with_facts()
        context["waiting"] = list(rows.open().order_by("requested_at"))
        context["settled"] = list(
            rows.exclude(pk__in=rows.open().values("pk")).order_by("-requested_at")[:SETTLED_SHOWN]
        )
        record_reading(request, "request.listed", office, count=len(context["waiting"]))
    return TemplateResponse(request, "admin/requests.html", context)


@require_safe
def request_page(request: HttpRequest, number: str) -> HttpResponse:
    """What is asked for, who is free then, and the answers that staff may give."""
    asked, now = request_of(request, number), timezone.now()
    record_reading(request, "request.viewed", asked.office, subject=asked.number)
    return TemplateResponse(request, "admin/request.html", page_of(request, asked, now=now, form=ReasonForm()))


Answer = Callable[[HttpRequest, SessionRequest, datetime], HttpResponse]


def answer_page(view: Answer) -> Callable[[HttpRequest, str], HttpResponse]:
    """A button on the page of a request: for who may answer; a refusal becomes a message there."""

    @wraps(view)
    def page(request: HttpRequest, number: str) -> HttpResponse:
        asked = request_of(request, number)
        if not can_answer_request(request.user, asked):
            raise PermissionDenied
        try:
            return view(request, asked, timezone.now())
        except BookingError as refused:
            code = TO_STAFF.get(refused.code)
            messages.error(request, refusal(code).message if code else refused.message)
        return redirect("admin:request", asked.number)

    return page


@require_POST
@answer_page
def accept(request: HttpRequest, asked: SessionRequest, now: datetime) -> HttpResponse:
    form = AnswerForm(request.POST, counselors=Counselor.objects.offering(asked.service))
    if not form.is_valid():
        return told(request, asked, form)
    accept_wish(
        asked, starts_at=form.cleaned_data["start"], counselor=form.cleaned_data["counselor"], by=request.user, now=now
    )
    return done(request, asked, "accepted", _("予約を決めました。ご本人にメールでお知らせします。"))


@require_POST
@answer_page
def make_proposal(request: HttpRequest, asked: SessionRequest, now: datetime) -> HttpResponse:
    form = AnswerForm(request.POST, counselors=Counselor.objects.offering(asked.service))
    if not form.is_valid():
        return told(request, asked, form)
    propose(
        asked, starts_at=form.cleaned_data["start"], counselor=form.cleaned_data["counselor"], by=request.user, now=now
    )
    return done(request, asked, "proposed", _("日時を提案しました。ご本人にメールでお知らせします。"))


@require_http_methods(["POST"])
@answer_page
def refuse(request: HttpRequest, asked: SessionRequest, now: datetime) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return TemplateResponse(request, "admin/request.html", page_of(request, asked, now=now, form=form))
    refuse_request(asked, by=request.user, reason=form.cleaned_data["reason"], now=now)
    return done(request, asked, "refused", _("お断りしました。ご本人に、理由をメールでお知らせします。"))


def request_of(request: HttpRequest, number: str) -> SessionRequest:
    rows = SessionRequest.objects.visible_to(request.user).with_facts().select_related("seeker__employer_profile")
    return get_object_or_404(rows, number=number)


def page_of(request: HttpRequest, asked: SessionRequest, *, now: datetime, form: ReasonForm) -> dict[str, Any]:
    """`form` is the one for refusing."""
    context = {
        **admin.site.each_context(request),
        "title": _("申込み %(number)s") % {"number": asked.display_number},
        "asked": asked,
        "employer": getattr(asked.seeker, "employer_profile", None),
        "shows_topic": can_see_topics_of(request.user, asked.office_id),
        "may_answer": asked.is_open and can_answer_request(request.user, asked),
        "former": former_proposals(asked),
        "undelivered_here": undelivered_about(asked, now=now),
        "form": form,
    }
    return context | (answers_to(request, asked, now=now) if context["may_answer"] else {"wishes": plain(asked)})


def answers_to(request: HttpRequest, asked: SessionRequest, *, now: datetime) -> dict[str, Any]:
    """Who is free at each wish, and the free times of one day to propose: at first the day of the dearest wish."""
    colleagues = {counselor.pk: counselor for counselor in Counselor.objects.offering(asked.service)}
    search = search_for(asked, now=now)
    wishes = []
    for starts_at in asked.wishes:
        slot = slot_at(search, starts_at)
        free = [colleagues[pk] for pk in slot.counselor_ids] if slot else []
        wishes.append(Wish(starts_at, free, why_not_arrange(asked, starts_at=starts_at, now=now)))
    day = chosen_day(request, "date", default=max(day_of(asked.wishes[0]), day_of(now)))
    slots = [slot for slot in free_slots(search, first_day=day, last_day=day) if slot.starts_at > now]
    names = [(slot, [colleagues[pk].name for pk in slot.counselor_ids]) for slot in slots]
    return {
        "wishes": wishes,
        "colleagues": colleagues.values(),
        "preferred": preferred(asked, day_of(now)),
        "day": day,
        "slots": names,
    }


def preferred(asked: SessionRequest, today: date) -> int | None:
    """Whom the form names first: the counselor whom the office named for this person (H-07), else the wished one."""
    recognition = recognition_of(asked.seeker, asked.office_id, on=today)
    return (recognition.counselor_id if recognition else None) or asked.counselor_id


def plain(asked: SessionRequest) -> list[Wish]:
    return [Wish(starts_at, [], None) for starts_at in asked.wishes]


def told(request: HttpRequest, asked: SessionRequest, form: forms.Form) -> HttpResponse:
    """What was missing, as messages: the fields stand in many forms of the page."""
    for errors in form.errors.values():
        for error in errors:
            messages.error(request, str(error))
    return redirect("admin:request", asked.number)


def done(request: HttpRequest, asked: SessionRequest, act: str, words: str) -> HttpResponse:
    record(
        f"request.{act}",
        actor=request.user,
        subject=asked.number,
        office_number=asked.office.number,
        request=request,
    )
    messages.success(request, _("申込み %(number)s: ") % {"number": asked.display_number} + words)
    return redirect("admin:request", asked.number)


def record_reading(
    request: HttpRequest, action: str, office: Office, *, subject: str = "", count: int | None = None
) -> None:
    detail = {} if count is None else {"requests": count}
    record(action, actor=request.user, subject=subject, office_number=office.number, detail=detail, request=request)
