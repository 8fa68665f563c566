"""Staff read why a mail did not arrive in words they can say on the phone."""

import pytest

from mailing.bounces import words
from mailing.bounces.words import explain


@pytest.mark.requirement("S-25")
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("550 5.1.1 <a@mail.example>: User unknown", words.WRONG_ADDRESS),
        ("5.0.0 550 Unknown user a@keitai.example", words.WRONG_OR_REFUSED),
        ("5.1.2 550 host not found", words.WRONG_DOMAIN),
        ("552-5.2.2 The recipient's inbox is out of storage space.", words.FULL),
        ("550 5.2.1 The email account is disabled", words.UNUSED),
        ("550 5.7.1 受信拒否の設定により受け取れません", words.REFUSED),
        ("4.4.1 connect to mail.example[192.0.2.25]:25: Connection timed out", words.UNREACHABLE),
        ("connect to mail.example[192.5.1.1]:25: refused", words.NOT_UNDERSTOOD),
        ("5.3.4 552 message too big", words.TOO_LARGE),
        ("452 mailbox full", words.FULL),
        ("421 try later", words.UNREACHABLE),
        ("554 rejected", words.WRONG_OR_REFUSED),
        ("ConnectionRefusedError: [Errno 111] Connection refused", words.OUR_FAULT),
        ("TimeoutError: timed out", words.OUR_FAULT),
        ("SMTPServerDisconnected: Connection unexpectedly closed", words.OUR_FAULT),
        ("worker lost", words.OUR_FAULT),
        ("", words.UNKNOWN),
    ],
)
def test_every_answer_of_a_server_has_a_sentence(error, sentence):
    assert explain(error) == sentence


def test_a_code_that_says_nothing_gives_way_to_one_that_does():
    assert explain("5.0.0 550 5.2.2 quota") == words.FULL
