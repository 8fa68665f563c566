"""allauth's extension points: no open sign-up, links to the portal's own address, mails through the ledger."""

import logging
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.record import client_address, record
from mailing.queue import queue_text

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("メールアドレスまたはパスワードが違います。もう一度入力してください。"),
        "too_many_login_attempts": _(
            "ログインの失敗が続いたため、しばらくログインできません。5分ほどおいてから、もう一度お試しください。"
            "パスワードが分からないときは、設定し直すことができます。"
        ),
        "enter_current_password": _("今のパスワードが違います。もう一度入力してください。"),
        "incorrect_password": _("パスワードが違います。もう一度入力してください。"),
        "incorrect_code": _("確認コードが違います。アプリに表示されている最新のコードを入力してください。"),
        "duplicate_email": _("今お使いのメールアドレスと同じです。新しいメールアドレスを入力してください。"),
        "rate_limited": _("操作が続いたため、しばらくお待ちください。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Registration is ours (accounts.flows.register), and only behind a mailed link."""
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        descriptions = {
            "reauthenticate": gettext("パスワードで確認する"),
            "mfa_reauthenticate": gettext("認証アプリまたはリカバリーコードで確認する"),
            "mfa_reauthenticate:webauthn": gettext("パスキーで確認する"),
        }
        methods = super().get_reauthentication_methods(user)
        return [{**method, "description": descriptions[method["id"]]} for method in methods]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url("accounts:profile")

    def get_reset_password_from_key_url(self, key: str) -> str:
        return on_portal(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return on_portal(super().get_email_confirmation_url(request, emailconfirmation))

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Who wants to change to an address of somebody else: its owner is told, the page says nothing."""
        address = emailconfirmation.email_address
        if address.can_set_verified():
            super().send_confirmation_mail(request, emailconfirmation, signup)
        else:
            self.send_account_already_exists_mail(address.email)

    def send_account_already_exists_mail(self, email: str) -> None:
        context = {"login_url": portal_url("account_login"), "password_reset_url": portal_url("account_reset_password")}
        self.send_mail("account/email/account_already_exists", email, context)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """A member of staff who never had a password is being invited."""
        is_invitation = user.is_staff and not user.has_usable_password()
        prefix = "account/email/staff_invitation" if is_invitation else "account/email/password_reset_key"
        self.send_mail(prefix, email, context)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        record("account.signed_in", actor=user, subject=str(user.pk), request=request)
        return cast(HttpResponse, super().post_login(request, user, **kwargs))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """To the log, not to the audit record: nobody may fill an append-only table from outside."""
        logger.warning("sign-in failed from %s", client_address(request))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the ledger of outgoing mail; Celery sends it. Its text holds a link that works like a key: not kept."""
        now = timezone.now()
        facts = {
            "email": email,
            "now": now,
            "portal_name": settings.PORTAL_NAME,
            "portal_url": settings.PORTAL_URL,
            "signup_url": portal_url("accounts:register"),
        }
        language = language_of(email)
        with translation.override(language):
            message = self.render_mail(template_prefix, email, {**context, **facts})
        kind = "account." + template_prefix.rpartition("/")[2]
        with transaction.atomic():
            queue_text(
                kind=kind,
                to=email,
                subject=message.subject,
                body=str(message.body),
                now=now,
                is_secret=True,
                language=language,
            )


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("確認コードが違います。アプリに表示されている最新のコードを入力してください。"),
        "unverified_email": _("メールアドレスの確認が済むまで、2段階認証は設定できません。"),
        "add_email_blocked": _("2段階認証を設定しているため、メールアドレスを追加できません。"),
    }

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002  allauth's name
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("パスキー%(number)d") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The name that a device shows when it asks for the passkey."""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.PORTAL_NAME}


def language_of(email: str) -> str:
    """The one of the account with this address; else the page's, because somebody new has just typed it there."""
    account = User.objects.filter(email=email.lower()).values_list("language", flat=True).first()
    return account or translation.get_language() or "ja"


def portal_url(name: str, **kwargs: Any) -> str:
    return f"{settings.PORTAL_URL}{reverse(name, kwargs=kwargs)}"


def on_portal(url: str) -> str:
    """The same path at the portal's configured address: a mailed link never follows the Host header."""
    return f"{settings.PORTAL_URL}{urlsplit(url).path}"
