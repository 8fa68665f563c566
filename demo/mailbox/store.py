"""Mails as files: one .eml per mail, so that they survive a restart."""

import email
import email.policy
import secrets
from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True)
class Attachment:
    filename: str
    content_type: str
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", errors="replace")


@dataclass(frozen=True)
class StoredMail:
    key: str
    recipients: tuple[str, ...]
    raw: bytes
    message: EmailMessage
    received_at: datetime

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def sender(self) -> str:
        """Decoded by the older parser: the newer one leaves a space where a long name was folded."""
        return str(make_header(decode_header(email.message_from_bytes(self.raw)["From"] or "")))

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain", "html"))
        return str(body.get_content()) if body is not None else ""

    @property
    def attachments(self) -> list[Attachment]:
        """Every part that is not the text, the calendar part included, whichever way it is attached."""
        body = self.message.get_body(("plain", "html"))
        parts = [part for part in self.message.walk() if not part.is_multipart() and part is not body]
        return [
            Attachment(part.get_filename() or f"part-{number}", part.get_content_type(), _content(part))
            for number, part in enumerate(parts, start=1)
        ]


class Mailbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, raw: bytes, *, recipients: list[str], now: datetime) -> str:
        """Store one mail; the envelope's recipients go into a header, because Bcc is not in the mail itself."""
        key = f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}"
        unfinished = self.folder / f"{key}.part"
        unfinished.write_bytes(b"X-Envelope-To: " + ", ".join(recipients).encode() + b"\r\n" + raw)
        unfinished.rename(self.folder / f"{key}.eml")
        return key

    def newest_first(self) -> list[StoredMail]:
        return [self._read(path) for path in sorted(self.folder.glob("*.eml"), reverse=True)]

    def get(self, key: str) -> StoredMail | None:
        path = self.folder / f"{key}.eml"
        return self._read(path) if path.parent == self.folder and path.is_file() else None

    def _read(self, path: Path) -> StoredMail:
        envelope, raw = path.read_bytes().split(b"\r\n", 1)
        message = email.message_from_bytes(raw, EmailMessage, policy=email.policy.default)
        recipients = envelope.removeprefix(b"X-Envelope-To: ").decode().split(", ")
        received_at = datetime.fromtimestamp(path.stat().st_mtime, JST)
        return StoredMail(path.stem, tuple(recipients), raw, message, received_at)


def _content(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
