"""`make screenshots`: takes the pictures of the README and the user guides anew, in docs/pictures/.

Starts a portal of its own with fresh sample data on free ports, books one session in Chromium, looks at it with the
eyes of the staff, and stops everything. The running portal of this clone and its data are not touched.
"""

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from demo.addresses import HOST, REPOSITORY, Ports, is_free
from demo.mailbox.codes import seconds_left, totp
from demo.run_tests import free_port
from demo.sample_staff import COUNSELORS, MANAGERS, PASSWORD, SEEKERS, TOTP_SECRETS

PICTURES = REPOSITORY / "docs" / "pictures"
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
]
WIDTHS = {1280: 1000, 360: 1000}
"""Width of each picture, and the height after which it is cut off."""
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "staticfiles", "__pycache__", ".*_cache", ".hypothesis")
PATIENCE_IN_SECONDS = 180
OFFICE = "見本・小林"
TOPIC = "経験のない職種に応募したいです。応募書類の書き方を相談させてください。"
ANSWERS = ["ハローワークで求職登録をしている方", "はい（参加できる場所と通信環境もあります）", "職業相談・職業紹介"]


class ScreenshotError(Exception):
    """Something the pictures need is missing; the message says what."""


def main() -> int:
    if not CHROMIUM.exists():
        print(f"The pictures need {CHROMIUM} and Japanese fonts; .ci/run installs both.", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    try:
        with running_portal() as ports, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            take_all(browser, ports)
            browser.close()
    except ScreenshotError as error:
        print(error, file=sys.stderr)
        return 1
    total = sum(picture.stat().st_size for picture in PICTURES.glob("*.png"))
    print(f"{len(list(PICTURES.glob('*.png')))} pictures, {total // 1024} kB")
    return 0


# --- The portal -----------------------------------------------------------------------------------------------------


@contextmanager
def running_portal() -> Iterator[Ports]:
    """`make run` in a copy of the project, so that its data are fresh and vanish afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hellowork-pictures-", dir="/var/tmp"))
    folder.chmod(0o755)  # the account PostgreSQL runs as has to enter
    ports = Ports(first_of_five_free_ports())
    log = folder / "run.log"
    shutil.copytree(REPOSITORY, folder / "portal", ignore=LEFT_OUT)
    print("Starting a portal for the pictures", flush=True)
    process = start(folder / "portal", ports, log=log)
    try:
        wait_until_ready(ports, process, log=log)
        yield ports
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def start(clone: Path, ports: Ports, *, log: Path) -> "subprocess.Popen[bytes]":
    own_servers = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "demo.run"],
            cwd=clone,
            env={**own_servers, "PORT": str(ports.web)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def first_of_five_free_ports() -> int:
    while True:
        first = free_port()
        if first < 65000 and all(is_free(port) and not _answers(port) for port in range(first, first + 5)):
            return first


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def wait_until_ready(ports: Ports, process: "subprocess.Popen[bytes]", *, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_IN_SECONDS
    while not _is_ready(ports):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ScreenshotError(f"The portal did not start:\n{log.read_text()}")
        time.sleep(0.5)


def _is_ready(ports: Ports) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{ports.web}/readyz", timeout=5) as response:
            return bool(response.status == 200) and not is_free(ports.mailbox)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


# --- The pictures ---------------------------------------------------------------------------------------------------


def take(page: Page, name: str, *, height: int = 0) -> None:
    """One picture of each width, from the top of the page, as high as the page is or as it is worth looking at."""
    for width, highest in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 720})
        page.evaluate("document.fonts.ready")
        page.evaluate("document.activeElement && document.activeElement.blur()")
        there = page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": width, "height": min(there, height or highest)}
        picture = page.screenshot(full_page=True, clip=clip, animations="disabled")
        keep_small(picture, PICTURES / f"{name}-{width}.png")
    page.set_viewport_size({"width": 1280, "height": 720})
    print(f"  {name}", flush=True)


def keep_small(picture: bytes, path: Path) -> None:
    """Pages have few colours: a palette of them makes a third of the file and looks the same."""
    with Image.open(io.BytesIO(picture)) as image:
        palette = image.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        palette.save(path, optimize=True)


def take_all(browser: Browser, ports: Ports) -> None:
    seeker = new_page(browser)
    seeker_books(seeker, ports)
    staff = new_page(browser)
    sign_in(staff, ports, COUNSELORS["kobayashi"][0], following="/admin/")
    day = seeker.get_by_role("main").locator("time").first.get_attribute("datetime") or ""
    counselor_looks(staff, ports, day=day[:10])
    manager = new_page(browser)
    sign_in(manager, ports, MANAGERS["kobayashi"], following="/admin/")
    manager_looks(manager, ports)
    for key, look in (("sasebo", links_are_missing), ("hamamatsu", hosts_are_shared)):
        page = new_page(browser)
        sign_in(page, ports, MANAGERS[key], following="/admin/")
        look(page, ports)


def press(link_or_button: Locator) -> None:
    """Click, and wait until the page that follows is there."""
    with link_or_button.page.expect_navigation():
        link_or_button.click()


def new_page(browser: Browser) -> Page:
    page = browser.new_context(
        locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 720}, reduced_motion="reduce"
    ).new_page()
    page.set_default_timeout(20_000)
    return page


def seeker_books(page: Page, ports: Ports) -> None:
    """From the first page to the mail, and then the pages one comes back to."""
    main = page.get_by_role("main")
    page.goto(ports.url(ports.web))
    take(page, "start")
    press(main.get_by_role("link", name=OFFICE).first)
    take(page, "office")
    press(main.get_by_role("link", name="空いている時間を見る"))
    take(page, "times")
    page.goto(ports.url(ports.web) + "/accounts/register/")
    take(page, "register")
    times_again(page, ports)
    press(main.get_by_role("button", name="この時間を選ぶ"))
    finish_sign_in(page, SEEKERS[0])
    press(main.get_by_role("button", name="この時間で進む"))
    for answer in ANSWERS:
        page.get_by_label(answer).check()
    page.get_by_label("相談内容").fill(TOPIC)
    take(page, "details")
    press(main.get_by_role("button", name="確認へ進む"))
    take(page, "check", height=1300)
    for box in main.get_by_role("checkbox").all():
        box.check()
    press(main.get_by_role("button", name="この内容で予約する"))
    number = re.search(r"/reservations/(\w+)/done/", page.url)
    if number is None:
        raise ScreenshotError(f"Expected the page that says the reservation is made, got {page.url}")
    take(page, "done")
    mail = confirmation_of(ports, number[1])
    page.goto(ports.url(ports.mailbox) + "/mails/" + mail)
    take(page, "mail")
    page.goto(ports.url(ports.web) + "/mypage/")
    take(page, "mypage")
    page.goto(ports.url(ports.web) + "/terms/")
    press(page.get_by_role("main").get_by_role("link").first)
    take(page, "terms")
    page.goto(ports.url(ports.web) + f"/reservations/{number[1]}/")
    take(page, "reservation")
    press(main.get_by_role("link", name="日時の変更へ進む"))
    take(page, "move")


def times_again(page: Page, ports: Ports) -> None:
    page.goto(ports.url(ports.web))
    press(page.get_by_role("main").get_by_role("link", name=OFFICE).first)
    press(page.get_by_role("main").get_by_role("link", name="空いている時間を見る"))


def counselor_looks(page: Page, ports: Ports, *, day: str) -> None:
    page.goto(ports.url(ports.web) + f"/admin/?week={day}")
    take(page, "week")
    page.goto(ports.url(ports.web) + f"/admin/day/?date={day}")
    take(page, "day")
    page.goto(ports.url(ports.web) + "/admin/booking/openingwindow/add/")
    take(page, "window")
    page.goto(ports.url(ports.web) + "/admin/enter/")
    take(page, "enter")


def manager_looks(page: Page, ports: Ports) -> None:
    page.goto(ports.url(ports.web) + "/admin/export/")
    take(page, "export")
    page.goto(ports.url(ports.web) + "/admin/booking/service/")
    press(page.locator("#result_list tbody th a").first)
    take(page, "service")
    page.goto(ports.url(ports.web) + "/admin/booking/policyversion/")
    press(page.locator("#result_list tbody th a").first)
    take(page, "rules")
    page.goto(ports.url(ports.web) + "/admin/time-machine/")
    take(page, "time-machine")


def links_are_missing(page: Page, ports: Ports) -> None:
    page.goto(ports.url(ports.web) + "/admin/links/")
    take(page, "links")


def hosts_are_shared(page: Page, ports: Ports) -> None:
    page.goto(ports.url(ports.web) + "/admin/booking/meetinghost/")
    take(page, "hosts")


# --- Signing in and the mail ----------------------------------------------------------------------------------------


def sign_in(page: Page, ports: Ports, email: str, *, following: str) -> None:
    page.goto(ports.url(ports.web) + f"/accounts/login/?next={following}")
    finish_sign_in(page, email)


def finish_sign_in(page: Page, email: str) -> None:
    page.get_by_label("メールアドレス").fill(email)
    page.get_by_label("パスワード").fill(PASSWORD)
    press(page.get_by_role("main").get_by_role("button", name="ログイン"))
    if secret := TOTP_SECRETS.get(email):
        if seconds_left(timestamp=time.time()) < 3:
            time.sleep(3)
        page.locator("input[name=code]").fill(totp(secret, timestamp=time.time()))
        page.locator("input[name=code]").press("Enter")
        page.wait_for_url("**/admin/**")


def confirmation_of(ports: Ports, number: str) -> str:
    """Key of the mail with the meeting, once worker and Zoom stand-in have done their part."""
    deadline = time.monotonic() + 60
    shown = f"{number[:4]}-{number[4:]}"
    while time.monotonic() < deadline:
        for mail in _mails(ports):
            if shown in mail["text"] and "ミーティングID" in mail["text"]:
                return str(mail["key"])
        time.sleep(0.5)
    raise ScreenshotError(f"No confirmation mail for {shown} arrived.")


def _mails(ports: Ports) -> list[dict[str, Any]]:
    with urllib.request.urlopen(ports.url(ports.mailbox) + "/api/messages", timeout=10) as response:
        mails: list[dict[str, Any]] = json.load(response)
        return mails


if __name__ == "__main__":
    sys.exit(main())
