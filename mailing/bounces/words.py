"""Why a mail did not arrive, as staff can say it on the phone: from the codes in a server's words (RFC 3463, RFC 5321)."""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

ENHANCED = re.compile(r"(?<![\d.])[245]\.(\d{1,3}\.\d{1,3})(?![\d.])")
"""Class, subject, detail. The addresses of servers stand in the same line: 192.0.5.1.1 is none."""
BASIC = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
OUR_OWN = re.compile(r"^\w+(Error|Exception|NotAvailable|Disconnected|timeout)\b|^worker lost", re.IGNORECASE)
"""No server answered: the line begins with the name of an error of ours."""

WRONG_ADDRESS = _("このメールアドレスは使われていません。つづりを確かめてください。")
WRONG_DOMAIN = _("メールアドレスの「@」より後ろがまちがっているようです。つづりを確かめてください。")
UNUSED = _("このメールアドレスは、いまは使えなくなっています。ほかのアドレスをうかがってください。")
FULL = _("相手の受信箱がいっぱいです。空けていただくか、ほかのアドレスをうかがってください。")
REFUSED = _(
    "相手のメールサービスが受け取りを断りました。迷惑メールの設定で、このサイトからのメールを受け取れるようにしていただいてください。"
)
WRONG_OR_REFUSED = _("メールアドレスがまちがっているか、相手の迷惑メールの設定で断られました。")
UNREACHABLE = _("相手のメールサーバーにつながりませんでした。メールアドレスの「@」より後ろを確かめてください。")
TOO_LARGE = _("相手のメールサービスが、大きさを理由に断りました。")
NOT_UNDERSTOOD = _("相手のメールサーバーが受け取りませんでした。")
OUR_FAULT = _("こちらのメールの仕組みの不具合で、まだ送れていません。")
UNKNOWN = _("理由はわかりません。")

BY_CODE: Mapping[str, Text] = {
    "1.1": WRONG_ADDRESS,
    "1.2": WRONG_DOMAIN,
    "1.3": WRONG_ADDRESS,
    "1.6": UNUSED,
    "1.10": WRONG_ADDRESS,
    "2.1": UNUSED,
    "2.2": FULL,
    "2.3": TOO_LARGE,
    "3.4": TOO_LARGE,
    "4.4": WRONG_DOMAIN,
}
BY_SUBJECT: Mapping[str, Text] = {
    "1": WRONG_ADDRESS,
    "2": UNUSED,
    "3": UNREACHABLE,
    "4": UNREACHABLE,
    "5": NOT_UNDERSTOOD,
    "6": NOT_UNDERSTOOD,
    "7": REFUSED,
}
BY_REPLY: Mapping[str, Text] = {
    "550": WRONG_OR_REFUSED,
    "551": WRONG_ADDRESS,
    "552": FULL,
    "553": WRONG_ADDRESS,
    "554": WRONG_OR_REFUSED,
    "452": FULL,
}


def explain(error: str) -> Text:
    """A sentence for the line that a server answered, or that our own attempt left."""
    if OUR_OWN.match(error):
        return OUR_FAULT
    for code in ENHANCED.findall(error):
        known = BY_CODE.get(code) or BY_SUBJECT.get(code.partition(".")[0])
        if known is not None:
            return known
    reply = BASIC.search(error)
    if reply is None:
        return UNKNOWN if not error else NOT_UNDERSTOOD
    return BY_REPLY.get(reply[1], UNREACHABLE if reply[1].startswith("4") else NOT_UNDERSTOOD)
