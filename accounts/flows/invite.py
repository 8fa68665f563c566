"""Staff accounts are made by the national administrator; the person sets the password behind a mailed link."""

from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from audit.record import record


@transaction.atomic
def invite_staff(user: User, *, by: User, request: HttpRequest) -> None:
    """Send the link that sets the first password. `user` is saved and has no usable password."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    send_password_link(user, request=request)
    record("account.staff_invited", actor=by, subject=str(user.pk), request=request)


def send_password_link(user: User, *, request: HttpRequest) -> None:
    form = ResetPasswordForm(data={"email": user.email})
    if form.is_valid():
        form.save(request)
