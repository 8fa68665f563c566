"""`make test`: pytest on PostgreSQL and Redis started for this run only, or on those of the environment."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from demo.addresses import HOST, REPOSITORY
from demo.servers import ServerError, servers


def main(arguments: list[str]) -> int:
    # Not inside the clone: its path may be too long for a socket, or closed to the account PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="hellowork-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with servers(folder, database="hellowork", redis_port=free_port(), durable=False) as (database_url, redis_url):
            environment = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
            command = [sys.executable, "-m", "pytest", "-n", "2", *arguments]
            return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
