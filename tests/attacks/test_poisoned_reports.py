"""Whoever knows the address of the mailbox of reports can send it anything: no mail may keep the others from being read."""

import pytest

from mailing.bounces.mailbox import read_mailbox
from mailing.bounces.reading import MOST_BYTES, NotAReport, read
from mailing.models import MailState
from tests.bounces.conftest import imap_server
from tests.bounces.reported import raw, sent_mail
from tests.factories import NOW

__all__ = ["imap_server"]

BODY = b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe3\x81\x82\xff\r\n"
POISONED = {
    "a byte in the charset": b"Content-Type: text/plain; charset=U\xffTF-8" + BODY,
    "NUL in the charset": b"Content-Type: text/plain; charset=\x00UTF-8" + BODY,
    "a charset that is a tuple": b"Content-Type: text/plain; charset*=a'b'%ff" + BODY,
}
REPORT = b'Content-Type: multipart/report; boundary="b"\r\n\r\n--b\r\n'
STATUS = b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b\r\nAction: failed\r\n\r\n--b\r\n"


@pytest.mark.parametrize("content", POISONED.values(), ids=POISONED)
def test_what_the_parser_breaks_on_is_no_report(content) -> None:
    with pytest.raises(NotAReport):
        read(content)


@pytest.mark.django_db
@pytest.mark.parametrize("content", POISONED.values(), ids=POISONED)
def test_a_poisoned_mail_holds_up_no_report(imap_server, content) -> None:
    mail = sent_mail()
    imap_server.put(content, raw("postfix_unknown_user"))
    read_mailbox(now=NOW)

    mail.refresh_from_db()
    assert mail.state == MailState.BOUNCED
    assert imap_server.flags() == [{r"\Seen", r"\Flagged"}, {r"\Seen"}]


def test_boundaries_within_boundaries_are_refused_before_they_are_parsed() -> None:
    """900 of them around 300,000 short lines took minutes."""
    nested = [
        b'Content-Type: multipart/mixed; boundary="n%d"\r\n\r\n--n%d\r\n' % (depth, depth) for depth in range(900)
    ]
    bomb = REPORT + STATUS + b"".join(nested)
    bomb += b"a\r\n" * ((MOST_BYTES - len(bomb)) // 3)
    with pytest.raises(NotAReport, match="nested too deeply"):
        read(bomb)
