"""The whole portal on this machine: `make run`, or `python -m demo.run`.

PORT chooses the web port; the others follow it. DATABASE_URL and REDIS_URL name servers of your own; without them
PostgreSQL and Redis run in var/. Ctrl-C stops what was started here and nothing else; the data stay.
"""

import fcntl
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from honcho.manager import Manager

from demo.addresses import HOST, REPOSITORY, VAR, Ports, process_environment
from demo.prepare import PreparationError, prepare
from demo.servers import ServerError, servers


class AlreadyRunning(Exception):
    pass


def main() -> int:
    try:
        ports = chosen_ports()
        with only_one_run():
            if taken := ports.taken():
                numbers = ", ".join(map(str, taken))
                raise ServerError(
                    f"Port {numbers} is taken. Choose another first port: make run PORT={ports.web + 100}"
                )
            return run(ports)
    except (AlreadyRunning, ServerError, PreparationError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
        return 0


def chosen_ports() -> Ports:
    text = os.environ.get("PORT", "8000")
    if not (text.isdecimal() and 1024 <= int(text) <= 65000):
        raise ServerError(f"PORT must be a number from 1024 to 65000, not {text!r}.")
    return Ports(int(text))


@contextmanager
def only_one_run() -> Iterator[None]:
    """Two runs of one clone would share a database folder: the second one is refused."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning("The portal of this clone is running already. Stop it with Ctrl-C there.") from None
        yield


def run(ports: Ports) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    print("Starting PostgreSQL and Redis", flush=True)
    with servers(VAR, database="hellowork", redis_port=ports.redis) as (database_url, redis_url):
        environment = process_environment(ports, database_url=database_url, redis_url=redis_url)
        prepare(environment)
        print("Starting web, worker, beat, Zoom stand-in and mailbox", flush=True)
        manager = Manager()
        for name, command in commands(ports).items():
            manager.add_process(name, "exec " + shlex.join(command), env=environment, cwd=str(REPOSITORY))
        manager.loop()
    stopped_by_hand = manager.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    if stopped_by_hand:
        print("Stopped. The data stay for the next run.", flush=True)
    return 0 if stopped_by_hand else manager.returncode or 1


def commands(ports: Ports) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    # Without the warning about root: on a machine where root runs the demo there is nobody else to run it.
    celery = [sys.executable, "-W", "ignore::Warning:celery.platforms", "-m", "celery", "--quiet", "-A", "hellowork"]
    web = ["--bind", f"{HOST}:{ports.web}", "--workers", "2", "--log-level", "warning", "--no-control-socket"]
    webhooks = f"{ports.url(ports.web)}/webhooks/zoom/"
    worker = ["--queues", "default,meetings,mails", "--concurrency", "2", "--loglevel", "WARNING"]
    return {
        "web": [*python, "gunicorn", "hellowork.wsgi", *web],
        "worker": [*celery, "worker", *worker],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""],
        "zoom": [*python, "demo.zoom_stand_in", "--port", str(ports.zoom), "--webhook-address", webhooks],
        "mailbox": [*python, "demo.mailbox", "--smtp-port", str(ports.smtp), "--http-port", str(ports.mailbox)],
        "portal": [*python, "demo.welcome", "--port", str(ports.web)],
    }


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
