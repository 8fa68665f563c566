"""PostgreSQL of the run: restarted, and made to hold a commit back until the process that wants it is dead."""

import threading
import time
from contextlib import suppress
from typing import Any

import psycopg2

from chaos.fleet import Fleet
from chaos.points import Armed, Point
from demo.addresses import HOST
from demo.servers import Cluster

GATE = 41_180
"""The advisory lock at which armed commits wait."""
TABLES = ("booking_reservation", "booking_onlinemeeting")
TRIGGER = f"""
CREATE OR REPLACE FUNCTION chaos_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({GATE});
    RETURN NULL;
END $$;
"""
WAITING = f"""
SELECT activity.pid, activity.client_port FROM pg_locks JOIN pg_stat_activity activity USING (pid)
WHERE locktype = 'advisory' AND classid = 0 AND objid = {GATE} AND NOT granted AND client_port > 0
"""


UNGUARDED = (
    """
    DO $$ DECLARE guard record; BEGIN
        FOR guard IN SELECT conrelid::regclass AS of_table, conname FROM pg_constraint WHERE contype = 'x' LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.of_table, guard.conname);
        END LOOP;
    END $$
    """,
    "ALTER SYSTEM SET synchronous_commit = off",
    "ALTER SYSTEM SET wal_writer_delay = '10s'",
    "ALTER SYSTEM SET wal_writer_flush_after = '100MB'",
    "ALTER SYSTEM SET bgwriter_lru_maxpages = 0",
    "SELECT pg_reload_conf()",
)
"""Takes away what forbids double bookings, and that what is committed survives a crash: up to some seconds of it do not."""


class DeadlyDatabase:
    """A deferred constraint trigger lets every commit pass a gate; the harness can shut it (lock) and see who waits."""

    def __init__(self, cluster: Cluster, *, name: str, fleet: Fleet, armed: Armed) -> None:
        assert cluster.port is not None
        self.port = cluster.port
        self.name = name
        self.outages: list[tuple[float, float]] = []
        self._cluster = cluster
        self._fleet = fleet
        self._armed = armed
        self._stopped = threading.Event()
        self._guard = threading.Thread(target=self._stand_guard, daemon=True)

    @property
    def url(self) -> str:
        return f"postgres://postgres@{HOST}:{self.port}/{self.name}"

    def start_guard(self) -> None:
        connection = self._connect()
        with connection.cursor() as cursor:
            cursor.execute(TRIGGER)
            for table in TABLES:
                cursor.execute(
                    f"CREATE CONSTRAINT TRIGGER chaos_gate AFTER INSERT OR UPDATE ON {table}"
                    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_gate()"
                )
        connection.close()
        self._guard.start()

    def stop_guard(self) -> None:
        self._stopped.set()
        self._guard.join()

    def restart(self, *, crash: bool) -> None:
        begin = time.time() - 1
        self._cluster.stop(mode="immediate" if crash else "fast")
        self._cluster.start()
        self.outages.append((begin, time.time()))

    def take_guards_away(self) -> None:
        """For as long as the cluster lives."""
        for statement in UNGUARDED:
            self.execute(statement)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        connection = self._connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _connect(self) -> Any:
        connection = psycopg2.connect(host=HOST, port=self.port, user="postgres", dbname=self.name, connect_timeout=5)
        connection.autocommit = True
        return connection

    def _stand_guard(self) -> None:
        while not self._stopped.wait(0.05):
            for point in (Point.BEFORE_COMMIT, Point.AFTER_COMMIT):
                if self._armed.is_loaded(point):
                    with suppress(psycopg2.Error):
                        self._shut_the_gate(point)

    def _shut_the_gate(self, point: Point) -> None:
        """Kill the first that wants to commit. Before commit its transaction dies with it; after commit it stands."""
        connection = self._connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
                backend, port = self._first_waiting(cursor, point)
                if backend and self._armed.take(point):
                    if self._fleet.kill_peer(peer_port=port, port=self.port, why=point):
                        self._armed.hit(point)
                        if point == Point.BEFORE_COMMIT:
                            cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [backend])
                    else:
                        self._armed.give_back(point)
        finally:
            connection.close()

    def _first_waiting(self, cursor: Any, point: Point) -> tuple[int, int]:
        """Backend and client port; (0, 0) when nobody came while the point was loaded."""
        while self._armed.is_loaded(point) and not self._stopped.is_set():
            cursor.execute(WAITING)
            if row := cursor.fetchone():
                return row[0], row[1]
            time.sleep(0.02)
        return 0, 0
