"""A running service for the tests: the one of DISTATTN_URL (and DISTATTN_TOKEN), or a `distattn serve` of their own."""

from __future__ import annotations

import os
import subprocess
import unittest
from pathlib import Path
from typing import List, Optional

from distattention import Client

ROOT = Path(__file__).resolve().parents[3]


def program() -> str:
    """The built distattn; DISTATTN names another one."""
    given = os.environ.get("DISTATTN")
    for path in [Path(given)] if given else [ROOT / "artifacts/bin/DistAttention.Cli" / kind / "distattn" for kind in ("release", "debug")]:
        if path.exists():
            return str(path)
    raise unittest.SkipTest("distattn is not built: run ./build.sh, or name it in DISTATTN")


class Service:
    """Started once for all tests of a class."""

    def __init__(self, arguments: Optional[List[str]] = None) -> None:
        self._process: Optional[subprocess.Popen[str]] = None
        self.token = os.environ.get("DISTATTN_TOKEN")
        self.url = os.environ.get("DISTATTN_URL", "")
        if not self.url or arguments is not None:
            self._process = subprocess.Popen([program(), "serve", "--port", "0", *(arguments or [])], stdout=subprocess.PIPE, text=True)
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line.startswith("listening on "):
                raise RuntimeError(f"distattn serve said {line!r}")
            self.url = line.split()[-1]
            self.token = None

    def client(self, token: Optional[str] = None, timeout: float = 60.0) -> Client:
        return Client(self.url, token or self.token, timeout)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            assert self._process.stdout is not None
            self._process.stdout.close()
