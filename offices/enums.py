from django.db import models
from django.utils.translation import gettext_lazy as _


class MeetingSoftware(models.TextChoices):
    ZOOM = "zoom", _("Zoom")
