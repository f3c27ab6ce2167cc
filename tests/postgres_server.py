"""A real PostgreSQL server of our own, in a temporary folder, that stops and starts at will."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psutil

PASSWORD = "s3cret p@ss/word"
SETTINGS = {
    "fsync": "off",  # servers are stopped here, machines are not
    "shared_buffers": "16MB",
    "max_connections": "20",
    "autovacuum": "off",
    "unix_socket_directories": "",
}


class MissingPostgresError(Exception):
    """PostgreSQL's programs are not installed."""


class Postgres:
    """One cluster; each test takes a database of its own."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._user = "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="streamrec-postgres-"))
        self._password_file = self.folder / "password"
        self._password_file.write_text(PASSWORD)
        if self._user:
            for path in (self.folder, self._password_file):
                shutil.chown(path, self._user)
        self._data = self.folder / "data"
        self.port = _free_port()
        self._databases = 0
        self._run(
            "initdb",
            *("--username=streamrec", f"--pwfile={self._password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"),
            *("--no-locale", "--locale-provider=icu", "--icu-locale=en-US"),  # as people have it
        )
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = " ".join(f"-c {key}='{value}'" for key, value in SETTINGS.items())
        options += f" -c listen_addresses=127.0.0.1 -c port={self.port}"
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """End the server, and all connections to it, at once."""
        self._run("pg_ctl", "stop", "-m", "immediate", "-w")

    def send_signal(self, number: int) -> None:
        """Send a signal to all processes of the server."""
        first = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        for process in (first, *first.children()):
            process.send_signal(number)

    def new_database(self, *options: str) -> str:
        """Return the address of a new, empty database; ``options``: of ``createdb``."""
        self._databases += 1
        name = f"test{self._databases}"
        command = (self._programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port))
        subprocess.run(
            [*command, "-U", "streamrec", *options, name],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            check=True,
            timeout=30,
        )
        return f"postgresql://streamrec:s3cret%20p%40ss%2Fword@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        """Stop the server and delete everything."""
        subprocess.run(
            [self._programs / "pg_ctl", "stop", "-m", "immediate", "-D", self._data],
            user=self._user,
            capture_output=True,
            timeout=30,
        )
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, "-D", self._data, *arguments],
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr


def _programs() -> Path:
    """Return the folder of the server's programs, which Debian keeps off the path."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (path / "pg_ctl").exists():
            return path
    raise MissingPostgresError("PostgreSQL's server is not installed (Debian: postgresql)")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
