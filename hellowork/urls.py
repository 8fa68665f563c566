from django.contrib import admin
from django.urls import include, path

from booking.views.pages import home

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("terms/", include("terms.urls")),
    path("home/", home, name="home"),
    path("", include("booking.urls")),
]

handler500 = "hellowork.error_pages.server_error"
