from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class PortalAdminSite(AdminSite):
    site_header = _("オンライン職業相談 職員用")
    site_title = _("オンライン職業相談")
