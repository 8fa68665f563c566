"""python -m chaos [--short] [--seed N] [--without-recovery]: exit status 1 when a figure is wrong."""

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.installation import NotStarted as NotMade
from bench.installation import manage
from chaos.fleet import NotStarted
from chaos.judge import FIGURES
from chaos.phase import Result, Run, run_phase
from chaos.plan import FULL, SHORT, Plan
from chaos.portal import Grounds, portal_environment
from chaos.report import as_table, details, wrong
from chaos.script import all_faults
from demo.addresses import HOST
from demo.run_tests import free_port
from demo.servers import Cluster, RedisServer, ServerError

A_FEW_FAULTS = ["answer_lost", "bad_gateway_after", "per_second", "token_expired", "start_is_now"]
TEMPLATE = "chaos_template"
BY_CHANCE = frozenset({"times"})
"""Figures that may be 0 without recovery, too: nothing makes sure that a fault strikes just then."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description="Kill everything, then count what is wrong.")
    parser.add_argument("--short", action="store_true", help="about half a minute, one phase")
    parser.add_argument("--seed", type=int, help="repeats the order of a run")
    parser.add_argument(
        "--without-recovery",
        action="store_true",
        help="only the phase that must not come out at 0: no recovery, no guards",
    )
    parser.add_argument("--with-recovery", action="store_true", help="only the phase that must come out at 0")
    parser.add_argument("--keep", type=Path, help="copy the logs of the processes there")
    options = parser.parse_args()
    plan = SHORT if options.short else FULL
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    both = not (options.without_recovery or options.with_recovery or options.short)
    say = _speaker()
    healed = unhealed = None
    print(f"seed {seed}", flush=True)
    # Not inside the clone: its path may be too long for a socket, or closed to the account PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="hellowork-chaos-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with grounds(folder, say=say) as ready:
            a_run = partial(Run, plan=plan, seed=seed, say=say)
            faults = A_FEW_FAULTS if options.short else all_faults()
            if not options.without_recovery:
                healed = run_phase(ready, a_run(recovers=True, faults=faults))
            if both or options.without_recovery:
                unhealed = run_phase(ready, a_run(recovers=False, faults=A_FEW_FAULTS))
    except (ServerError, NotStarted, NotMade) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if options.keep:
            shutil.copytree(folder, options.keep, dirs_exist_ok=True, ignore=lambda *_: ["postgres", "static"])
        shutil.rmtree(folder, ignore_errors=True)
    print(as_table(healed, unhealed))
    if healed is not None and healed.before_the_sweep:
        print(f"Found by the sweep:\n{details(healed.before_the_sweep)}")
    return _verdict(healed, unhealed, plan=plan)


def _verdict(healed: Result | None, unhealed: Result | None, *, plan: Plan) -> int:
    """Wrong is a figure that is not 0 with recovery and guards, and one that is 0 without them: it proves nothing."""
    problems = []
    if healed is not None:
        if names := wrong(healed):
            problems.append(f"not 0: {', '.join(names)}\n{details(healed.findings)}")
        if healed.healed_in is None:
            problems.append(f"not healed within {plan.heal_within:.0f} s:\n{details(healed.before_the_sweep)}")
        if silent := [str(point) for point, times in healed.fired.items() if not times]:
            problems.append(f"never killed: {', '.join(silent)}")
    if unhealed is not None and (silent := set(FIGURES) - BY_CHANCE - set(wrong(unhealed))):
        problems.append(f"0 without recovery and guards, so these figures prove nothing: {', '.join(sorted(silent))}")
    for problem in problems:
        print(f"WRONG: {problem}")
    return int(bool(problems))


@contextmanager
def grounds(folder: Path, *, say: Callable[[str], None]) -> Iterator[Grounds]:
    say("start PostgreSQL and Redis, make the tables")
    cluster = Cluster(folder / "postgres", durable=True, port=free_port())
    store = RedisServer(folder / "redis", port=free_port())
    cluster.start()
    try:
        store.start()
        cluster.create_database(TEMPLATE)
        environment = portal_environment(folder)
        template = f"postgres://postgres@{HOST}:{cluster.port}/{TEMPLATE}"
        made_with = {**environment, "DATABASE_URL": template, "REDIS_URL": store.url}
        manage("migrate", "--noinput", "--verbosity", "0", environment=made_with)
        manage("collectstatic", "--noinput", "--verbosity", "0", environment=made_with)
        yield Grounds(folder=folder, cluster=cluster, redis=store, environment=environment, template=TEMPLATE)
    finally:
        store.stop()
        cluster.stop(mode="immediate")


def _speaker() -> Callable[[str], None]:
    begin = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begin:6.1f} s  {text}", file=sys.stderr, flush=True)

    return say


if __name__ == "__main__":
    sys.exit(main())
