from django.urls import path

from booking.views import pages

app_name = "booking"
urlpatterns = [
    path("", pages.start, name="start"),
    path("help/", pages.help_page, name="help"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("mypage/", pages.start, name="my_page"),
]
