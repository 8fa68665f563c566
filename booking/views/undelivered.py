"""届いていないメール: what staff see of mails that did not arrive, and what they do about them (S-25, X-14)."""

from datetime import datetime
from functools import wraps
from typing import Any, Protocol
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.record import record
from booking.errors import BookingError
from booking.flows.reach import correct_address, mark_told, send_mails_again
from booking.models import Reservation, SessionRequest
from booking.permissions import can_reach
from booking.undelivered import About, undelivered_about, undelivered_at
from booking.views.office import office_page
from terms.next_path import local_path


class AddressForm(forms.Form):
    """The address as it was told on the phone."""

    email = forms.EmailField(
        label=gettext_lazy("正しいメールアドレス"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("お電話で、1文字ずつ読み上げて確かめてください。"),
        error_messages={
            "required": gettext_lazy("メールアドレスを入力してください。"),
            "invalid": gettext_lazy("メールアドレスの形になっていません。「@」の前後を確かめてください。"),
        },
    )

    def __init__(self, data: Any, *, about: About) -> None:
        super().__init__(data)
        self.about = about

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.casefold() == self.about.email.casefold():
            same = _(
                "いまの宛先と同じです。まちがいを直すか、このまま送り直すときは戻って「もう一度送る」を押してください。"
            )
            raise forms.ValidationError(same, code="same_address")
        return email


@require_safe
def undelivered_list(request: HttpRequest) -> HttpResponse:
    """What did not arrive before the office's coming sessions, the earliest session first."""
    context, office = office_page(request, title=_("届いていないメール"))
    if office is not None:
        rows = undelivered_at(request.user, office=office, now=timezone.now())
        context["rows"] = rows
        record(
            "undelivered.viewed",
            actor=request.user,
            office_number=office.number,
            detail={"people": len(rows)},
            request=request,
        )
    return TemplateResponse(request, "admin/undelivered.html", context)


class ActOnMails(Protocol):
    def __call__(self, request: HttpRequest, about: About, now: datetime) -> HttpResponse | None: ...


class Page(Protocol):
    def __call__(self, request: HttpRequest, cause: UUID) -> HttpResponse: ...


def act_on_mails(view: ActOnMails) -> Page:
    """A button beside undelivered mails, for who works at the office; a refusal becomes a message on the page before."""

    @wraps(view)
    def page(request: HttpRequest, cause: UUID) -> HttpResponse:
        about = about_of(request, cause)
        if not can_reach(request.user, about.office_id):
            raise PermissionDenied
        try:
            answer = view(request, about, timezone.now())
        except BookingError as refused:
            messages.error(request, refused.message)
            answer = None
        return answer or redirect(back_to(request, about))

    return page


@require_POST
@act_on_mails
def send_again(request: HttpRequest, about: About, now: datetime) -> None:
    count = send_mails_again(about, now=now)
    done(request, about, "mail.sent_again", count=count)
    messages.success(
        request, ngettext("%d件のメールをもう一度送ります。", "%d件のメールをもう一度送ります。", count) % count
    )


@require_POST
@act_on_mails
def tell(request: HttpRequest, about: About, now: datetime) -> None:
    done(request, about, "mail.told", count=mark_told(about, by=request.user, now=now))
    messages.success(request, _("電話で伝えたことを記録しました。"))


@require_http_methods(["GET", "HEAD", "POST"])
@act_on_mails
def address(request: HttpRequest, about: About, now: datetime) -> HttpResponse | None:
    """GET shows what is wrong and asks for the right address; what was typed stays when it cannot be one."""
    form = AddressForm(request.POST if request.method == "POST" else None, about=about)
    if form.is_valid():
        count = correct_address(about, email=form.cleaned_data["email"], now=now)
        done(request, about, "mail.address_corrected", count=count)
        messages.success(request, _("送り先を直しました。届いていなかったメールを、新しい送り先へ送ります。"))
        if about.seeker is not None:
            messages.warning(request, advice_to_account())
        return None
    context = {
        **admin.site.each_context(request),
        "title": _("メールの送り先を直す"),
        "form": form,
        "row": undelivered_about(about, now=now),
        "about": about,
        "advice": advice_to_account() if about.seeker is not None else "",
        "next": back_to(request, about),
    }
    return TemplateResponse(request, "admin/undelivered_address.html", context)


def advice_to_account() -> str:
    return _(
        "ログインに使うメールアドレスは変わりません。ご本人に、マイページの「登録内容」でメールアドレスを変更するようお伝えください。"
    )


def about_of(request: HttpRequest, cause: UUID) -> About:
    """The reservation or request of one's own office whose mails these are."""
    reservations = Reservation.objects.visible_to(request.user).with_facts()
    requests = SessionRequest.objects.visible_to(request.user).with_facts()
    found = reservations.filter(uuid=cause).first() or requests.filter(uuid=cause).first()
    if found is None:
        raise Http404
    return found


def done(request: HttpRequest, about: About, action: str, *, count: int) -> None:
    """The record never holds the address itself."""
    record(
        action,
        actor=request.user,
        subject=about.number,
        office_number=about.office.number,
        detail={"mails": count},
        request=request,
    )


def back_to(request: HttpRequest, about: About) -> str:
    """The page the person came from when it is ours, else the list."""
    wanted = local_path(request.POST.get("next") or request.GET.get("next") or "")
    return wanted or f"{reverse('admin:undelivered')}?office={about.office.number}"
