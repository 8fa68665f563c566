"""The mailbox in the browser, and as JSON for tests."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context, Engine
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from demo.mailbox.codes import seconds_left, totp
from demo.mailbox.store import JST, Mailbox, StoredMail
from demo.sample_staff import PASSWORD, TOTP_SECRETS

FOLDER = Path(__file__).resolve().parent
URLS = Map(
    [
        Rule("/", endpoint="mails"),
        Rule("/mails/<key>", endpoint="mail"),
        Rule("/mails/<key>/raw", endpoint="raw"),
        Rule("/mails/<key>/attachments/<int:number>", endpoint="attachment"),
        Rule("/codes", endpoint="codes"),
        Rule("/api/messages", endpoint="api_messages"),
        Rule("/mailbox.css", endpoint="stylesheet"),
    ]
)


@dataclass(frozen=True)
class Code:
    email: str
    now: str
    next: str


class MailboxPages:
    """A WSGI application over one mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        if not settings.configured:  # Django's templates, without the portal
            settings.configure(USE_I18N=False, TIME_ZONE=str(JST))
        self.mailbox = mailbox
        self.engine = Engine(dirs=[str(FOLDER / "templates")])

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        try:
            endpoint, arguments = URLS.bind_to_environ(environ).match()
            response = getattr(self, endpoint)(request, **arguments)
        except HTTPException as error:
            return error(environ, start_response)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response(environ, start_response)

    def mails(self, request: Request) -> Response:
        return self._page("mails.html", mails=self.mailbox.newest_first())

    def mail(self, request: Request, key: str) -> Response:
        return self._page("mail.html", mail=self._mail(key))

    def raw(self, request: Request, key: str) -> Response:
        return Response(self._mail(key).raw.decode("utf-8", errors="replace"), mimetype="text/plain")

    def attachment(self, request: Request, key: str, number: int) -> Response:
        attachments = self._mail(key).attachments
        if not 1 <= number <= len(attachments):
            raise NotFound
        chosen = attachments[number - 1]
        response = Response(chosen.content, content_type=chosen.content_type)
        response.headers.set("Content-Disposition", "attachment", filename=chosen.filename)
        return response

    def codes(self, request: Request) -> Response:
        now = time.time()
        codes = [
            Code(email, totp(secret, timestamp=now), totp(secret, timestamp=now + 30))
            for email, secret in TOTP_SECRETS.items()
        ]
        return self._page("codes.html", codes=codes, password=PASSWORD, left=seconds_left(timestamp=now))

    def api_messages(self, request: Request) -> Response:
        text = json.dumps([_as_dict(mail) for mail in self.mailbox.newest_first()], ensure_ascii=False)
        return Response(text, mimetype="application/json")

    def stylesheet(self, request: Request) -> Response:
        return Response((FOLDER / "mailbox.css").read_bytes(), mimetype="text/css")

    def _mail(self, key: str) -> StoredMail:
        mail = self.mailbox.get(key)
        if mail is None:
            raise NotFound
        return mail

    def _page(self, template: str, **context: Any) -> Response:
        html = self.engine.get_template(template).render(Context(context, use_l10n=False))
        return Response(html, mimetype="text/html")


def _as_dict(mail: StoredMail) -> dict[str, Any]:
    return {
        "key": mail.key,
        "to": list(mail.recipients),
        "from": mail.sender,
        "subject": mail.subject,
        "text": mail.text,
        "received_at": mail.received_at.isoformat(),
        "attachments": [
            {"filename": part.filename, "content_type": part.content_type, "text": part.text}
            for part in mail.attachments
        ],
    }
