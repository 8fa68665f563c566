"""Read a delivery status notification: RFC 3464, its codes RFC 3463, its international form RFC 6533.

With the standard library's parser in its oldest, forgiving mode (docs/adr/0017): whoever knows the address of the mailbox
can send it anything.
"""

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Compat32

from mailing.message import one_line
from mailing.models import ReportAction

MOST_BYTES = 300_000
"""Reports carry our mail back at most: a few ten kilobytes."""
MOST_BOUNDARIES = 30
"""The parser compares every line with every boundary around it: a thousand of them would take a worker minutes."""
MOST_IDS = 20
STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
HEADERS_TYPE = "text/rfc822-headers"
MESSAGE_ID = re.compile(r"<[^<>\s]{3,118}>")
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
ACTION = re.compile(r"\s*([a-z]+)", re.IGNORECASE)
BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
LONGEST_DIAGNOSTIC = 300
"""Characters: what the columns hold."""


class NotAReport(Exception):
    """Everything else that reaches such an address: automatic replies, advertising, damaged mails, huge ones."""


@dataclass(frozen=True, kw_only=True)
class RecipientReport:
    """What happened to the mail on its way to one address."""

    action: ReportAction
    status: str
    """RFC 3463, for example 5.1.1; empty when the server told none."""
    diagnostic: str
    """The words of the other server, on one line."""
    addresses: frozenset[str]
    """The address we wrote to and the one it was forwarded to, as far as they are told; in lower case."""

    @property
    def is_lost(self) -> bool:
        """The server gave up. Also with 4.x.x: Postfix reports so when five days of trying are over (RFC 3464, 2.3.3)."""
        return self.action == ReportAction.FAILED

    @property
    def in_words(self) -> str:
        """Code and words on one line; many servers repeat the code in their words."""
        words = self.diagnostic if self.status in self.diagnostic else f"{self.status} {self.diagnostic}"
        return words.strip()[:LONGEST_DIAGNOSTIC]


@dataclass(frozen=True, kw_only=True)
class Report:
    message_ids: tuple[str, ...]
    """Of the mail it is about, the likeliest first, with angle brackets."""
    recipients: tuple[RecipientReport, ...]
    """At least one."""
    own_id: str
    """The report's own Message-ID: servers repeat a report of delay in the same words."""

    def about(self, address: str) -> RecipientReport | None:
        """What it says of this address."""
        return next((told for told in self.recipients if address.casefold() in told.addresses), None)

    @property
    def digest(self) -> str:
        """The same whichever way it came in, and however often."""
        told = [(str(one.action), one.status, one.diagnostic, sorted(one.addresses)) for one in self.recipients]
        return hashlib.sha256(repr((self.own_id, self.message_ids, told)).encode()).hexdigest()


class AsWritten(Compat32):
    """Header fields as they came, with every byte: which character set it is, is for us to find out."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


AS_WRITTEN = AsWritten()


def read(raw: bytes) -> Report:
    """Raises NotAReport, and nothing else whatever the bytes are: one mail that cannot be read must not hold up the next."""
    if len(raw) > MOST_BYTES:
        raise NotAReport("too large")
    if raw.lower().count(b"boundary") > MOST_BOUNDARIES:
        raise NotAReport("nested too deeply")
    try:
        return _read(raw)
    except NotAReport:
        raise
    except Exception as error:  # the parser raises what it likes: of characters, of codecs, of NUL, of recursion
        raise NotAReport(f"not to be parsed ({type(error).__name__})") from error


def _read(raw: bytes) -> Report:
    message = email.message_from_bytes(raw, policy=AS_WRITTEN)
    parts = _parts_of_report(message)
    recipients = tuple(told for part in parts if _type_of(part) in STATUS_TYPES for told in _recipients(part))
    if not recipients:
        raise NotAReport("tells of no recipient")
    return Report(
        message_ids=tuple(dict.fromkeys(_named_ids(message, parts)))[:MOST_IDS],
        recipients=recipients,
        own_id=_field(message, "Message-ID"),
    )


def decoded(value: str) -> str:
    """A field's text on one line, whichever character set it came in: encoded words, UTF-8, ISO-2022-JP, Shift_JIS."""
    text = _text_of(value.encode("utf-8", "surrogateescape"))
    if "=?" in text:
        try:
            text = str(make_header(decode_header(text)))
        except (LookupError, ValueError, HeaderParseError):
            return one_line(" ".join(text.split()))
    return one_line(" ".join(text.encode("utf-8", "replace").decode().split()))


def _text_of(raw: bytes) -> str:
    charsets = ["iso2022_jp"] if b"\x1b" in raw else ["utf-8", "shift_jis"]
    for charset in charsets:
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def _parts_of_report(message: Message) -> list[Message]:
    parts = message.get_payload()
    if _type_of(message) != "multipart/report" or not isinstance(parts, list):
        raise NotAReport("no multipart/report")
    return [part for part in parts if isinstance(part, Message)]


def _type_of(part: Message) -> str:
    return part.get_content_type()


def _field(part: Message, name: str) -> str:
    return decoded(str(part.get(name, "")))


def _recipients(part: Message) -> Iterator[RecipientReport]:
    for block in _blocks(part):
        action = ACTION.match(_field(block, "Action"))
        if action is None or action[1].lower() not in ReportAction.values:
            continue
        status = STATUS.search(_field(block, "Status"))
        kind, semicolon, words = _field(block, "Diagnostic-Code").partition(";")
        yield RecipientReport(
            action=ReportAction(action[1].lower()),
            status=status[0] if status else "",
            diagnostic=(words if semicolon else kind).strip()[:LONGEST_DIAGNOSTIC],
            addresses=frozenset({_address(block, "Final-Recipient"), _address(block, "Original-Recipient")} - {""}),
        )


def _address(block: Message, name: str) -> str:
    """`rfc822; a@mail.example`; some servers leave the type of address out."""
    kind, semicolon, told = _field(block, name).partition(";")
    return (told if semicolon else kind).strip(" <>").casefold()


def _blocks(part: Message) -> list[Message]:
    """The groups of fields: the parser splits the old form, and takes the international one for a mail with a text."""
    payload = part.get_payload()
    blocks = [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []
    rest = (blocks[-1] if blocks else part).get_payload(decode=True)
    texts = BLANK_LINE.split(rest) if isinstance(rest, bytes) else []
    return blocks + [email.message_from_bytes(text, policy=AS_WRITTEN) for text in texts if text.strip()]


def _named_ids(message: Message, parts: list[Message]) -> Iterator[str]:
    for part in parts:
        original = _original(part)
        if original is not None:
            yield from MESSAGE_ID.findall(_field(original, "Message-ID"))
    for name in ("In-Reply-To", "References"):
        yield from MESSAGE_ID.findall(_field(message, name))


def _original(part: Message) -> Message | None:
    """The mail that came back, whole or its header alone."""
    payload = part.get_payload()
    if _type_of(part) == HEADERS_TYPE:
        raw = part.get_payload(decode=True)
        return email.message_from_bytes(raw, policy=AS_WRITTEN) if isinstance(raw, bytes) else None
    if part.get_content_maintype() == "message" and _type_of(part) not in STATUS_TYPES and isinstance(payload, list):
        return next((embedded for embedded in payload if isinstance(embedded, Message)), None)
    return None
