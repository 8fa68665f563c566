from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from booking.views.pages import home

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("terms/", include("terms.urls")),
    path("announcements/", include("offices.urls")),
    path("webhooks/mail/", include("mailing.urls")),
    path("home/", home, name="home"),
    # The admin, PDF viewers and old browsers ask for this name, whatever <link rel="icon"> says.
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("img/icon.svg")), name="favicon"),
    path("", include("booking.urls")),
]

handler500 = "hellowork.error_pages.server_error"
