"""Our pages in the namespace `accounts`; of allauth only the pages that are wanted, under allauth's own names."""

from allauth.account import views as allauth_account
from django.urls import include, path, re_path
from django.urls.resolvers import URLPattern, URLResolver
from django.views.generic import RedirectView

from accounts import views
from accounts.models import AccountKind

own = [
    path("register/", views.register, name="register"),
    path("register/employer/", views.register, {"kind": AccountKind.EMPLOYER}, name="register_employer"),
    path("register/sent/", views.register_sent, name="register_sent"),
    path("register/details/", views.register_details, name="register_details"),
    path("register/link/<str:token>/", views.register_link, name="register_link"),
    path("profile/", views.profile, name="profile"),
    path("profile/change/", views.change, name="profile_change"),
    path("delete/", views.delete, name="delete"),
    path("deleted/", views.deleted, name="deleted"),
    path("sessions/end/", views.sign_out_everywhere, name="sign_out_everywhere"),
]

wanted_of_allauth: list[URLPattern | URLResolver] = [
    path("signup/", RedirectView.as_view(pattern_name="accounts:register"), name="account_signup"),
    path("login/", allauth_account.login, name="account_login"),
    path("logout/", allauth_account.logout, name="account_logout"),
    path("inactive/", allauth_account.account_inactive, name="account_inactive"),
    path("reauthenticate/", allauth_account.reauthenticate, name="account_reauthenticate"),
    path("email/", allauth_account.email, name="account_email"),
    path("confirm-email/", allauth_account.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", allauth_account.confirm_email, name="account_confirm_email"),
    path("password/change/", allauth_account.password_change, name="account_change_password"),
    path("password/set/", allauth_account.password_set, name="account_set_password"),
    path("password/reset/", allauth_account.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth_account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth_account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth_account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((own, "accounts"))), *wanted_of_allauth]
