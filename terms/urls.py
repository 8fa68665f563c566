from django.urls import path

from terms import views

app_name = "terms"
urlpatterns = [
    path("", views.document_list, name="list"),
    path("consent/", views.consent, name="consent"),
    path("documents/<slug:slug>/", views.document, name="document"),
    path("documents/<slug:slug>/<int:number>/", views.version, name="version"),
]
