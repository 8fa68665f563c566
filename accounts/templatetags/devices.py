from django import template
from django.utils.translation import gettext as _
from ua_parser import parse

register = template.Library()


@register.filter
def device(user_agent: str) -> str:
    """A User-Agent in words that a person can recognise: 「Windows の Chrome」."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if browser and system:
        return _("%(system)s の %(browser)s") % {"system": system, "browser": browser.replace(" Mobile", "")}
    return browser or system or _("不明な端末")
