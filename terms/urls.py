from django.urls.resolvers import URLPattern

app_name = "terms"
urlpatterns: list[URLPattern] = []
