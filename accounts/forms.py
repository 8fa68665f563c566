from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm


class LoginForm(AllauthLoginForm):
    pass


class ResetPasswordForm(AllauthResetPasswordForm):
    pass
