from django.urls import path

from booking.views import pages
from booking.views.seeker import reservations, reserving, times

app_name = "booking"
urlpatterns = [
    path("", pages.start, name="start"),
    path("help/", pages.help_page, name="help"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("offices/<str:number>/", pages.office, name="office"),
    path("services/<int:pk>/", pages.service, name="service"),
    path("services/<int:pk>/times/", times.times, name="times"),
    path("services/<int:pk>/hold/", times.hold, name="hold"),
    path("services/<int:pk>/taken/", times.taken, name="taken"),
    path("mypage/", reservations.my_page, name="my_page"),
    path("reservations/<str:number>/", reservations.reservation, name="reservation"),
    path("reservations/<str:number>/details/", reserving.details, name="details"),
    path("reservations/<str:number>/check/", reserving.check, name="check"),
    path("reservations/<str:number>/done/", reserving.done, name="done"),
    path("reservations/<str:number>/release/", times.release, name="release"),
    path("reservations/<str:number>/cancel/", reservations.cancel, name="cancel"),
    path("reservations/<str:number>/join/", reservations.join, name="join"),
    path("reservations/<str:number>/calendar/", reservations.calendar_file, name="calendar_file"),
]
