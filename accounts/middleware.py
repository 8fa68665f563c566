from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.sessions import begin, is_over
from terms.next_path import with_next

GetResponse = Callable[[HttpRequest], HttpResponse]


class SignInLimitsMiddleware:
    """A sign-in ends on the server after a while; where one ends, the browser forgets its pages (ASVS 7.3, 14.3.1).

    The cookies stay: the message that says so travels in the new session.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        was_signed_in = request.user.is_authenticated
        if was_signed_in and is_over(request, now=now):
            logout(request)
            messages.info(
                request, _("ログインから時間がたったため、ログアウトしました。もう一度ログインしてください。")
            )
        response = self.get_response(request)
        if request.user.is_authenticated and not was_signed_in:
            begin(request, now=now)
        if was_signed_in and not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class StaffSecondFactorMiddleware:
    """The admin opens only for staff who gave a second factor in this session (ASVS 6.3.3).

    It also takes the place of the admin's own sign-in page, which knows neither the second factor nor rate limits.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(reverse("admin:index")):
            return self.turn_away(request) or self.get_response(request)
        return self.get_response(request)

    def turn_away(self, request: HttpRequest) -> HttpResponse | None:
        user, path = request.user, request.get_full_path()
        if not user.is_authenticated:
            return redirect(with_next(resolve_url(settings.LOGIN_URL), path))
        if not user.is_staff:
            raise Http404
        if not is_mfa_enabled(user):
            return redirect(with_next(reverse("mfa_index"), path))
        if not gave_second_factor(request):
            return redirect(with_next(second_factor_url(request), path))
        return None


def gave_second_factor(request: HttpRequest) -> bool:
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def second_factor_url(request: HttpRequest) -> str:
    """The passkey where there is one: with it alone, a code could only be a recovery code."""
    urls = {method["id"]: method["url"] for method in get_adapter().get_reauthentication_methods(request.user)}
    return str(urls.get("mfa_reauthenticate:webauthn") or urls["mfa_reauthenticate"])
