"""The race's side of a worker: start it, ask it with a time limit, end it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys

from bench import CHECKOUT
from bench.harness.environment import BLAS_OVERRIDES


class PeerFailed(Exception):
    """The worker crashed, ran out of time or reported an error."""


class Remote:
    """A worker process (bench.harness.worker) in a session of its own.

    Parameters
    ----------
    specification : dict
        What bench.harness.worker is told: that of the race, and "peer", a key of PEERS.
    """

    def __init__(self, specification: dict) -> None:
        environment = {key: value for key, value in os.environ.items() if key not in BLAS_OVERRIDES}
        search = [str(CHECKOUT), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(search)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.harness.worker", json.dumps(specification)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=CHECKOUT,
            env=environment,
            start_new_session=True,
        )

    def answer(self, seconds: float) -> dict:
        """The worker's next line; PeerFailed when it ends, errs, or is silent for longer than this."""
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, seconds))
        if not ready:
            self.kill()
            raise PeerFailed(f"no answer within {seconds:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailed(f"the process ended (exit status {self._process.wait()})")
        message = json.loads(line)
        if "error" in message:
            raise PeerFailed(message["error"])
        return message

    def ask(self, request: dict, seconds: float) -> dict:
        """Send one request and wait for its answer."""
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(f"the process ended (exit status {self._process.wait()})") from None
        return self.answer(seconds)

    def close(self) -> None:
        """Let the worker end by itself, or else kill it."""
        try:
            self._process.stdin.close()
            self._process.wait(timeout=5)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            pass
        self.kill()
        self._process.stdout.close()

    def kill(self) -> None:
        """End the worker and the helpers in its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
