"""The portal as people start it: `portal serve`, a process of its own on a free port of this machine."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import urlopen

from tests.conftest import settings_for
from tests.ports import free_port


class Portal:
    """A running portal with its own SQLite file."""

    def __init__(self, folder: Path, first: Path, **environ: str) -> None:
        self.folder = folder
        self.environ = environ
        self.database = folder / "portal.db"
        self.log = folder / "log"
        shutil.copyfile(first, self.database)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.read = 0

    def __enter__(self) -> Self:
        settings = settings_for(f"sqlite:///{self.database}")
        environ = {name: text for name, text in os.environ.items() if not name.startswith("PORTAL_")}
        environ |= {
            "PORTAL_DATABASE": settings.database, "PORTAL_SECRET_KEY": settings.secret_key,
            "PORTAL_TIMEZONE": settings.timezone, "PORTAL_REGION": settings.region,
        } | self.environ  # fmt: skip
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.cli", "serve", "--port", str(self.port)],
                cwd=self.folder, env=environ, stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return self

    def _answers(self) -> bool:
        try:
            with urlopen(self.url + "/static/mark.svg", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(30)

    def load(self, state: Path) -> None:
        """Bring the database to `state` while the portal runs, as one transaction."""
        source, target = sqlite3.connect(state), sqlite3.connect(self.database, timeout=5)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()

    def faults(self) -> list[str]:
        """Return what the portal has written to its log about faults since it was asked last."""
        with self.log.open() as log:
            log.seek(self.read)
            lines = log.readlines()
            self.read = log.tell()
        return [line for line in lines if not line.startswith("{") or json.loads(line)["level"] != "info"]
