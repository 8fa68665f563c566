"""The whole portal for a browser: live web server, real worker, SMTP server, Zoom stand-in; and axe on every page."""

import re
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from demo.zoom_stand_in.app import ZoomStandIn
from tests.factories import TermsDocumentFactory, TermsVersionFactory, bookable_service
from tests.mail_server import MailServer
from tests.zoom.stand_in import RunningStandIn, point_zoom_at, serving


@pytest.fixture
def zoom_stand_in(settings: Any) -> Iterator[RunningStandIn]:
    app = ZoomStandIn()
    with serving(app) as url:
        point_zoom_at(url, settings=settings, app=app)
        yield RunningStandIn(app=app, url=url)


class Portal:
    """What a test needs of the running portal."""

    def __init__(self, url: str, smtp: MailServer, zoom: RunningStandIn) -> None:
        self.url, self.smtp, self.zoom = url, smtp, zoom

    def mail(self, to: str, subject: str, *, within: float = 30) -> EmailMessage:
        """The newest mail to this address with that in its subject; waits for the worker."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            found = [mail for mail in self.smtp.to(to) if subject in str(mail["Subject"])]
            if found:
                return found[-1]
            time.sleep(0.1)
        subjects = [str(mail["Subject"]) for mail in self.smtp.messages]
        pytest.fail(f"no mail {subject!r} to {to}; there are {subjects}")

    def wait_until(self, happened: Callable[[], bool], *, within: float = 30) -> None:
        """The worker does its part in its own time."""
        deadline = time.monotonic() + within
        while not happened():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def text(self, mail: EmailMessage) -> str:
        body = mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    def link(self, mail: EmailMessage, path: str) -> str:
        found = re.search(rf"{re.escape(self.url)}{path}\S*", self.text(mail))
        assert found, self.text(mail)
        return found[0]


@pytest.fixture
def portal(
    live_server: Any,
    smtp_server: MailServer,
    zoom_stand_in: RunningStandIn,
    celery_worker_process: Callable[..., object],
    settings: Any,
) -> Portal:
    """With terms in force: the portal's, the service's and the meeting software's."""
    settings.PORTAL_URL = live_server.url
    celery_worker_process(PORTAL_URL=live_server.url, PORTAL_DEMO="1")
    TermsVersionFactory.create(document=TermsDocumentFactory.create(kind="portal", title="ポータル利用規約"))
    service = bookable_service(counselors=2, name="オンライン職業相談")
    for document in (service.terms, service.software_terms):
        TermsVersionFactory.create(document=document)
    return Portal(live_server.url, smtp_server, zoom_stand_in)


@pytest.fixture
def accessible(browser_context: Callable[..., Any]) -> Callable[..., None]:
    """Axe finds nothing on this page (WCAG 2.2 A and AA, best practices).

    Axe is a script: where the visitor has none, it judges a copy of exactly this HTML in a browser that runs axe only.
    """
    axe = Axe()
    with_scripts: list[Page] = []

    def copy_of(page: Page) -> Page:
        if not with_scripts:
            with_scripts.append(browser_context(viewport=page.viewport_size).new_page())
        copy, html = with_scripts[0], page.content()
        copy.unroute_all()
        copy.route("**/*.js", lambda route: route.abort())
        copy.route(page.url.partition("#")[0], lambda route: route.fulfill(body=html, content_type="text/html"))
        copy.goto(page.url)
        return copy

    def check(page: Page, *, has_scripts: bool = True) -> None:
        page.wait_for_load_state()
        results = axe.run(page if has_scripts else copy_of(page))
        assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"

    return check
