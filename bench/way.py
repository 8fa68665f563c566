"""A booking through HTTP, from the time chosen to the number shown, and on to the mail with the link."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.browser import Answer, Browser, UnexpectedAnswer
from bench.figures import Figure, growth, milliseconds
from bench.installation import Installation, Site, worker

TYPED = {
    "name": "見本 花子",
    "kana": "みほん はなこ",
    "phone": "090-1234-5678",
    "seeker_number": "13010-00123456",
    "topic": "応募書類を見てほしいです。",
}
BOX = re.compile(rb'name="(version-\d+)"')
START = re.compile(rb'<button[^>]* name="start" value="([^"]+)"')
STEPS = ("hold", "details shown", "details sent", "check shown", "confirmed", "number shown")
MAIL_WITHIN = 25


@dataclass(frozen=True)
class Booking:
    steps: dict[str, Answer]
    until_mail: float
    """From the click that confirms to the last line of the mail at the SMTP server."""

    @property
    def seconds(self) -> float:
        return sum(answer.seconds for answer in self.steps.values())


def measure_bookings(site: Site) -> Iterator[Figure]:
    bookings = _bookings(site)
    many = bookings["many"]
    for step in STEPS:
        answers = [booking.steps[step] for booking in many]
        yield milliseconds("booking", step, [answer.seconds for answer in answers])
        queries = max(answer.queries for answer in answers)
        yield Figure(part="booking", name=f"{step}, queries", value=queries, unit="", goal="<= 20")
    yield milliseconds("booking", "time chosen to number shown", [booking.seconds for booking in many])
    seconds = {name: [booking.seconds for booking in made] for name, made in bookings.items()}
    yield growth("booking", "growth", few=seconds["few"], many=seconds["many"])
    waits = {name: [booking.until_mail for booking in made] for name, made in bookings.items()}
    yield milliseconds("mail", "confirmed to mail with the link, worker idle", waits["many"])
    yield growth("mail", "growth", few=waits["few"], many=waits["many"])


def _bookings(site: Site) -> dict[str, list[Booking]]:
    """In turn on both databases, each with an idle worker of its own; the first ones only warm up."""
    made: dict[str, list[Booking]] = defaultdict(list)
    with ExitStack() as stack:
        for installation in (site.few, site.many):
            stack.enter_context(worker(site.folder, installation))
        for number, seeker in enumerate(site.scene["seekers"][: site.plan.bookings + 3]):
            for name, installation in (("few", site.few), ("many", site.many)):
                booking = book(site, installation, seeker, number)
                if number >= 3:
                    made[name].append(booking)
    return made


def book(site: Site, installation: Installation, seeker: dict[str, Any], number: int) -> Booking:
    service = site.scene["service"]
    browser = installation.browser(seeker["session"])
    page = browser.get(f"/services/{service}/times/")
    starts = START.findall(page.body)
    chosen = starts[number * 7 % len(starts)].decode()
    steps = {}
    form = {"start": chosen, "csrfmiddlewaretoken": page.csrf_token}
    steps["hold"] = browser.post(f"/services/{service}/hold/", form)
    details = _at(steps["hold"], "/details/")
    steps["details shown"] = shown = browser.get(details)
    steps["details sent"] = browser.post(details, {**TYPED, "csrfmiddlewaretoken": shown.csrf_token})
    check = _at(steps["details sent"], "/check/")
    steps["check shown"] = shown = browser.get(check)
    boxes = {name.decode(): "on" for name in BOX.findall(shown.body)}
    clicked_at = time.time()
    steps["confirmed"] = browser.post(check, {**boxes, "csrfmiddlewaretoken": shown.csrf_token})
    steps["number shown"] = _number_shown(browser, _at(steps["confirmed"], "/done/"))
    arrived_at = site.mail.arrival(seeker["email"], within=MAIL_WITHIN)
    site.mail.forget()
    time.sleep(0.1)  # the worker writes down that the mail is out, and is idle again
    return Booking(steps, arrived_at - clicked_at)


def _at(answer: Answer, ending: str) -> str:
    if not answer.location.endswith(ending):
        raise UnexpectedAnswer(f"Sent to {answer.location} instead of a page that ends with {ending}")
    return answer.location


def _number_shown(browser: Browser, path: str) -> Answer:
    answer = browser.get(path)
    number = path.split("/")[2]
    if f"{number[:4]}-{number[4:]}".encode() not in answer.body:
        raise UnexpectedAnswer("The last page does not show the number.")
    return answer
