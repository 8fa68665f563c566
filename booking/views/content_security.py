"""What a page must add to the portal's Content-Security-Policy."""

from csp.decorators import csp_update
from django.conf import settings

MEETING_HOSTS = [f"{prefix}{host}" for host in settings.ZOOM_JOIN_HOSTS for prefix in ("", "*.")]
"""Without a scheme: the page's own."""
MEETING_HOSTS += [f"https://{prefix}{host}" for host in settings.MEETING_LINK_HOSTS for prefix in ("", "*.")]

has_button_to_meeting = csp_update({"form-action": MEETING_HOSTS})
"""Chromium applies `form-action` also to where the answer to a button leads: the host link, the join link."""
