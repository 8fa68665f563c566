from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class HelloworkConfig(AppConfig):
    name = "hellowork"


class PortalAdminConfig(AdminConfig):
    """The Django admin with the week calendar of one's own office as its first page."""

    default_site = "hellowork.admin_site.PortalAdminSite"
