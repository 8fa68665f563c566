"""The export: rows per second, the wait for the first byte, and what it costs the web process in memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from statistics import median

import psutil

from bench.browser import Answer, Browser
from bench.figures import Figure, growth, milliseconds
from bench.installation import Site
from bench.pages import in_turn

PATH = "/admin/export/"
LOOK_EVERY = 0.01


def measure_export(site: Site) -> Iterator[Figure]:
    session, plan = site.scene["staff_session"], site.plan
    same = in_turn(site, lambda b: export(site, b, plan.exported_from_both), session=session, rounds=8)
    seconds = {name: [answer.seconds for answer in answers] for name, answers in same.items()}
    part = "export"
    yield milliseconds(part, f"{plan.exported_from_both} rows", seconds["many"])
    yield growth(part, "growth", few=seconds["few"], many=seconds["many"])
    browser = site.many.browser(session)
    with memory_of(site.many.web_pid) as memory:
        answers = [export(site, browser, plan.exported) for _time in range(plan.exports)]
    rows = answers[0].body.count(b"\r\n") - 1
    yield Figure(part=part, name="rows", value=rows, unit="", goal=f">= {plan.exported}")
    rate = rows / median(answer.seconds for answer in answers)
    yield Figure(part=part, name="rate", value=rate, unit="rows/s", goal=">= 20000")
    yield milliseconds(part, "first byte", [answer.first_byte for answer in answers])
    yield Figure(part=part, name="file", value=len(answers[0].body) / 1e6, unit="MB")
    yield Figure(part=part, name="memory above idle", value=memory.above_idle / 1e6, unit="MB", goal="< 50")


def export(site: Site, browser: Browser, rows: int) -> Answer:
    """All reservations of so many past days that there are at least `rows`."""
    form = browser.get(PATH)
    last = date.fromisoformat(site.scene["last_past_day"])
    first = last - timedelta(days=-(-rows // site.scene["rows_per_past_day"]) - 1)
    choice = {"first_day": first.isoformat(), "last_day": last.isoformat(), "csrfmiddlewaretoken": form.csrf_token}
    return browser.post(PATH, choice, expect=200)


class Memory:
    def __init__(self) -> None:
        self.idle: dict[int, int] = {}
        self.peak: dict[int, int] = {}

    @property
    def above_idle(self) -> int:
        return max(self.peak[pid] - self.idle[pid] for pid in self.idle)


@contextmanager
def memory_of(gunicorn_pid: int) -> Iterator[Memory]:
    """The most resident memory that any web process takes during the block, above what it had before."""
    workers = psutil.Process(gunicorn_pid).children()
    memory, is_over = Memory(), threading.Event()
    memory.idle = {worker.pid: worker.memory_info().rss for worker in workers}
    memory.peak = dict(memory.idle)

    def watch() -> None:
        while not is_over.wait(LOOK_EVERY):
            for worker in workers:
                memory.peak[worker.pid] = max(memory.peak[worker.pid], worker.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield memory
    finally:
        is_over.set()
        watcher.join()
