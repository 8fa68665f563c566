from django.urls import path

from offices import views

app_name = "offices"
urlpatterns = [
    path("", views.announcements, name="announcements"),
    path("<int:pk>/", views.announcement, name="announcement"),
]
