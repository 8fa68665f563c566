"""What is read out of a report, in the forms of several servers; and that nothing else is taken for one."""

from email.message import EmailMessage
from functools import reduce

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailing.bounces.reading import MOST_BYTES, NotAReport, decoded, read
from mailing.models import ReportAction
from tests.bounces.reported import ADDRESS, MESSAGE_ID, REPORTS, raw

READABLE = {
    "postfix_unknown_user": (
        ReportAction.FAILED,
        "5.1.1",
        f"550 5.1.1 <{ADDRESS}>: Recipient address rejected: User unknown in virtual mailbox table",
    ),
    "postfix_gave_up": (ReportAction.FAILED, "4.4.1", "connect to mail.example[192.0.2.25]:25: Connection timed out"),
    "postfix_delayed": (ReportAction.DELAYED, "4.7.1", f"450 4.7.1 <{ADDRESS}>: greylisted"),
    "relayed": (ReportAction.RELAYED, "2.0.0", ""),
    "exchange_recipient_not_found": (
        ReportAction.FAILED,
        "5.1.10",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    ),
    "gmail_full": (
        ReportAction.FAILED,
        "5.2.2",
        "552-5.2.2 The recipient's inbox is full. 552 5.2.2 See the help page on quota. d9443c01a7336-example",
    ),
    "keitai_iso2022jp": (ReportAction.FAILED, "5.0.0", f"550 Unknown user {ADDRESS} あて先不明"),
    "utf8_diagnostic": (ReportAction.FAILED, "5.7.1", "550 5.7.1 受信拒否の設定により受け取れません"),
    "forwarded_then_failed": (ReportAction.FAILED, "5.1.2", "550 host not found"),
}
NO_REPORTS = ["vacation", "keitai_plain_text", "read_receipt", "damaged"]


@pytest.mark.requirement("S-25")
@pytest.mark.parametrize("name", READABLE)
def test_action_code_and_words_of_each_server_are_read(name):
    told = read(raw(name)).about(ADDRESS)
    assert told is not None
    assert (told.action, told.status, told.diagnostic) == READABLE[name]


@pytest.mark.parametrize("name", READABLE)
def test_the_mail_that_it_is_about_is_named(name):
    assert read(raw(name)).message_ids[0] == MESSAGE_ID


@pytest.mark.parametrize("name", NO_REPORTS)
def test_what_is_no_report_is_left_alone(name):
    with pytest.raises(NotAReport):
        read(raw(name))


def test_every_sample_is_in_a_table():
    assert {path.stem for path in REPORTS.glob("*.eml")} == {*READABLE, *NO_REPORTS, "another_recipient"}


@pytest.mark.parametrize(
    ("name", "is_lost"),
    [("postfix_unknown_user", True), ("postfix_gave_up", True), ("postfix_delayed", False), ("relayed", False)],
)
def test_a_mail_is_lost_when_the_server_gave_up_and_not_while_it_goes_on_trying(name, is_lost):
    assert read(raw(name)).recipients[0].is_lost is is_lost


def test_an_address_is_the_same_in_capitals():
    assert read(raw("exchange_recipient_not_found")).about("ICHIRO@mail.example") is not None


def test_a_report_about_somebody_else_says_nothing_of_our_address():
    assert read(raw("another_recipient")).about(ADDRESS) is None


def test_the_header_of_the_report_names_the_mail_when_none_came_back():
    without_original = raw("gmail_full").replace(b"Message-ID: " + MESSAGE_ID.encode(), b"X-Left-Out: yes")
    assert read(without_original).message_ids == (MESSAGE_ID,)


def test_the_same_report_has_the_same_digest_whichever_way_it_came():
    by_another_way = b"Received: from relay.example by mx.example; today\r\n" + raw("postfix_delayed")
    assert read(by_another_way).digest == read(raw("postfix_delayed")).digest


def test_two_reports_of_the_same_delay_are_two():
    later = raw("postfix_delayed").replace(b"<6Zk2Qz1bTzz9@", b"<7Zk2Qz1bTzz9@")
    assert read(later).digest != read(raw("postfix_delayed")).digest


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("あて先不明".encode(), "あて先不明"),
        ("あて先不明".encode("iso2022_jp"), "あて先不明"),
        ("あて先不明".encode("shift_jis"), "あて先不明"),
        (b"=?ISO-2022-JP?B?GyRCJCIkRkBoSVRMQBsoQg==?=", "あて先不明"),
        (b"=?no-such-charset?B?AAAA?=", "=?no-such-charset?B?AAAA?="),
        (b"\xff\xfe\x80", "���"),
        (b"a\x00b\r\n\tc", "a b c"),
    ],
    ids=["UTF-8", "ISO-2022-JP", "Shift_JIS", "encoded word", "unknown charset", "no charset at all", "controls"],
)
def test_words_are_read_in_every_character_set_and_stay_on_one_line(written, meant):
    assert decoded(written.decode("ascii", "surrogateescape")) == meant


def test_a_huge_mail_is_not_even_parsed():
    with pytest.raises(NotAReport, match="large"):
        read(raw("postfix_unknown_user") + b"x" * MOST_BYTES)


def test_a_mail_packed_into_mails_a_thousand_times_is_refused():
    nested = b"Content-Type: message/rfc822\r\n\r\n" * 5_000
    with pytest.raises(NotAReport):
        read(b'Content-Type: multipart/report; boundary="b"\r\n\r\n--b\r\n' + nested + b"\r\n--b--\r\n")


def test_a_report_packed_into_a_mail_is_somebody_elses():
    letter = EmailMessage()
    letter["Subject"] = "見てください"
    letter.set_content("こんなものが来ました。")
    letter.add_attachment(raw("postfix_unknown_user"), maintype="application", subtype="octet-stream")
    with pytest.raises(NotAReport):
        read(letter.as_bytes())


@given(st.binary(max_size=400))
@example(b"Content-Type: multipart/report; boundary*=x''%\r\n\r\n")
def test_nothing_but_no_report_comes_of_any_bytes(content):
    with pytest.raises(NotAReport):
        read(content)


@given(
    name=st.sampled_from(sorted(READABLE)),
    cuts=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 60), st.binary(max_size=20)), max_size=6),
)
def test_a_report_that_was_damaged_on_its_way_never_breaks_the_reading(name, cuts):
    def damage(content: bytes, cut: tuple[int, int, bytes]) -> bytes:
        start, length, instead = cut
        return content[:start] + instead + content[start + length :]

    try:
        report = read(reduce(damage, cuts, raw(name)))
    except NotAReport:
        return
    for told in report.recipients:
        assert len(told.in_words) <= 300
        assert not set(told.in_words) & {"\x00", "\n", "\r"}
        told.in_words.encode()
