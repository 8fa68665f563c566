"""Words for a request that the office arranges, as its pages say them to both sides."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from booking.enums import Companion, RequestState, Standing
from booking.models import SessionRequest

register = template.Library()
GOOD = (RequestState.ACCEPTED, RequestState.PROPOSED)


@register.filter
def told(details: Any) -> list[tuple[str, str]]:
    """What a person told, as (heading, words), without the topic: not everybody may read that.

    Takes a request, or the details that a form has parsed.
    """
    rows = [
        (_("氏名"), details.name),
        (_("ふりがな"), details.kana),
        (_("電話番号"), details.phone),
        (_("求職番号"), details.seeker_number),
        (_("求職登録の状況"), str(Standing(details.standing).label) if details.standing else ""),
        (_("カメラ付きの機器"), _device(details.has_device)),
        *((label, answer) for label, answer in details.answers),
        (_("同席する方"), Companion.words(details.companions)),
        (_("通訳の言語"), details.interpreter_language),
    ]
    return [(heading, words) for heading, words in rows if words]


@register.filter
def request_tag(asked: SessionRequest) -> str:
    """The class of the tag that tells the state."""
    if asked.state in GOOD:
        return "tag--good"
    return "" if asked.is_open else "tag--off"


def _device(has_device: bool | None) -> str:
    if has_device is None:
        return ""
    return _("あり") if has_device else _("なし")
