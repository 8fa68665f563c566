"""Pages of accounts that are ours; sign-in, password, address and second factor are allauth's (accounts.urls)."""

from datetime import datetime, timedelta
from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.deletion import DeletionRefused, delete_account, notices_for
from accounts.flows import register as flow
from accounts.flows.profile import change_profile
from accounts.forms import PROFILE_FORMS, REGISTRATION_FORMS, AddressForm, profile_initial
from accounts.models import AccountKind, User
from accounts.ratelimits import consume_each, network_of
from accounts.sessions import end_sessions
from terms.clock import today
from terms.consent import MissingConsent, current_versions, portal_documents
from terms.next_path import local_path, next_path, with_next

ADDRESS = "registration_address"
KIND = "registration_kind"
OPENED = "registration_opened"
REGISTER = {AccountKind.SEEKER: "accounts:register", AccountKind.EMPLOYER: "accounts:register_employer"}
page_and_form = require_http_methods(["GET", "HEAD", "POST"])


@page_and_form
def register(request: HttpRequest, kind: AccountKind = AccountKind.SEEKER) -> HttpResponse:
    """仮登録. The answer is the same for every address."""
    target = next_path(request)
    if request.user.is_authenticated:
        return redirect(target or settings.LOGIN_REDIRECT_URL)
    form = AddressForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/register.html", {"form": form, "kind": kind, **other_ways(target)})
    email = form.cleaned_data["email"]
    keys = {"ip": network_of(get_adapter().get_client_ip(request)), "address": email}
    if not consume_each("registration", keys, settings.REGISTRATION_RATE_LIMITS):
        return render(request, "429.html", status=429)
    flow.request_registration(email, now=timezone.now(), next_path=target, kind=kind)
    request.session[ADDRESS], request.session[KIND] = email, kind
    return redirect(with_next(reverse("accounts:register_sent"), target))


def other_ways(target: str) -> dict[str, str]:
    """For who is registered already, or came to the page of the other kind."""
    names = {
        "login_url": "account_login",
        "seeker_url": REGISTER[AccountKind.SEEKER],
        "employer_url": REGISTER[AccountKind.EMPLOYER],
    }
    return {key: with_next(reverse(name), target) for key, name in names.items()}


@require_safe
@never_cache
def register_sent(request: HttpRequest) -> HttpResponse:
    email = request.session.get(ADDRESS)
    if not email:
        return redirect("accounts:register")
    kind = AccountKind(request.session.get(KIND, AccountKind.SEEKER))
    register_url = with_next(reverse(REGISTER[kind]), next_path(request))
    context = {"email": email, "register_url": register_url, "link_lasts_hours": link_lasts_hours()}
    return render(request, "accounts/register_sent.html", context)


@page_and_form
@never_cache
def register_link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link: a GET changes nothing, because mail scanners open links."""
    now = timezone.now()
    try:
        if request.method != "POST":
            return render(
                request, "accounts/register_link.html", {"registration": flow.find_registration(token, now=now)}
            )
        registration = flow.open_registration(token, now=now)
    except flow.RegistrationLinkUnusable:
        return link_unusable(request)
    if request.user.is_authenticated:
        logout(request)
    request.session.cycle_key()
    request.session[OPENED] = registration.pk
    return redirect("accounts:register_details")


@sensitive_post_parameters()
@page_and_form
@never_cache
def register_details(request: HttpRequest) -> HttpResponseBase:
    """本登録."""
    now = timezone.now()
    try:
        registration = flow.opened_registration(request.session.get(OPENED, 0), now=now)
        form_of_kind = REGISTRATION_FORMS[AccountKind(registration.kind)]
        form = form_of_kind(request.POST or None, email=registration.email, missing=texts_in_force(now))
        if request.method != "POST" or not form.is_valid():
            return render(request, "accounts/register_details.html", {"form": form, "registration": registration})
        user = flow.complete_registration(
            registration,
            password=form.cleaned_data["password"],
            details=form.details,
            versions=form.versions,
            request=request,
            now=now,
        )
    except flow.RegistrationLinkUnusable:
        return link_unusable(request)
    return signed_in(request, user, target=local_path(registration.next_path))


def texts_in_force(now: datetime) -> list[MissingConsent]:
    """Who registers has agreed to nothing yet."""
    versions = current_versions(portal_documents(), on=today(now))
    return [MissingConsent(version, previous=None) for version in versions]


def signed_in(request: HttpRequest, user: User, *, target: str) -> HttpResponseBase:
    for key in (ADDRESS, KIND, OPENED):
        request.session.pop(key, None)
    messages.success(request, _("登録が完了しました。"))
    return cast(HttpResponseBase, perform_login(request, user, redirect_url=target))


def link_unusable(request: HttpRequest) -> HttpResponse:
    context = {"link_lasts_hours": link_lasts_hours()}
    return render(request, "accounts/register_link_unusable.html", context, status=410)


def link_lasts_hours() -> int:
    return int(settings.PROVISIONAL_REGISTRATION_LIFETIME / timedelta(hours=1))


@require_safe
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    person = cast(User, request.user)
    context = {"profile": person.profile, "home_office": person.home_office, "kind": person.kind}
    return render(request, "accounts/profile.html", context)


@page_and_form
@login_required
def change(request: HttpRequest) -> HttpResponse:
    person = cast(User, request.user)
    if person.is_staff:
        raise Http404("staff accounts are changed by the national administrator")
    form = PROFILE_FORMS[person.kind](request.POST or None, initial=profile_initial(person, person.profile))
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/profile_change.html", {"form": form})
    change_profile(person, details=form.details, request=request)
    messages.success(request, _("登録内容を変更しました。"))
    return redirect("accounts:profile")


@page_and_form
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def delete(request: HttpRequest) -> HttpResponse:
    """退会 (J-13). The password is asked again before the page opens."""
    person = cast(User, request.user)
    if person.is_staff:
        raise Http404("staff accounts are closed by the national administrator")
    now = timezone.now()
    notices = notices_for(person, now=now)
    if request.method == "POST":
        try:
            delete_account(person, now=now, request=request)
        except DeletionRefused as refused:
            notices = refused.notices
        else:
            logout(request)
            return redirect("accounts:deleted")
    is_blocked = any(notice.blocks for notice in notices)
    return render(request, "accounts/delete.html", {"notices": notices, "is_blocked": is_blocked, "kind": person.kind})


@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/deleted.html")


@require_POST
@login_required
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    end_sessions(cast(User, request.user))
    logout(request)
    messages.success(request, _("すべての端末からログアウトしました。"))
    return redirect("account_login")
