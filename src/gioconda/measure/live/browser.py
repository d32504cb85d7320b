"""A server in a process of its own, and a headless Chromium with the page in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gioconda.errors import GiocondaError, MissingExtraError

#: What Chromium needs to run without a screen, a device or the network.
FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)  # fmt: skip
_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
_START_S: Final = 90.0


class ServedHere:
    """``gioconda serve`` as a user starts it.

    Args:
        sessions: places.
    """

    def __init__(self, sessions: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._home = tempfile.TemporaryDirectory(prefix="gioconda-measured-")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gioconda", "serve", "--port", str(self.port),
             "--sessions", str(sessions)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            # What the page states about pictures that are made up here is nobody's record.
            env={**os.environ, "GIOCONDA_HOME": self._home.name},
        )  # fmt: skip

    @property
    def address(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def wait(self, workers: int) -> None:
        """Wait until so many worker processes have loaded everything.

        Raises:
            GiocondaError: it does not start.
        """
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            # A worker that has loaded everything takes no more time and has its memory.
            if sum(resident_mb(pid) > 250 for pid in self.workers()) >= workers:
                time.sleep(3.0)
                return
            time.sleep(0.5)
        raise GiocondaError("gioconda serve did not start; run it by hand to see why")

    def workers(self) -> list[int]:
        """Return the process ids of its workers, the largest first."""
        found = [pid for pid in children(self.process.pid) if resident_mb(pid) > 100]
        return sorted(found, key=resident_mb, reverse=True)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        self.process.kill()
        self.process.wait()
        self._home.cleanup()


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(entry.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(entry.parent.name))
    return found


def resident_mb(pid: int) -> float:
    """Return a process's resident memory in MB; 0 once it is gone."""
    with contextlib.suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return 0.0


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used; 0 once it is gone."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Yield a running browser.

    Raises:
        MissingExtraError: Playwright is not installed.
        GiocondaError: Chromium is not.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as e:
        raise MissingExtraError("measuring live sessions", "dev") from e
    program = next((p for name in _PROGRAMS if (p := shutil.which(name))), None)
    if program is None:
        raise GiocondaError("Chromium is needed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page(browser: Any, address: str, *, path: str, fps: int) -> Iterator[Any]:
    """Yield the page with its face showing, by one path at one rate.

    Args:
        browser: of :func:`chromium`.
        address: of the server.
        path: ``webcodecs``, ``webrtc`` or ``jpeg``.
        fps: frames a second that the session is asked for.
    """
    # The page's policy lets no script in, and so not the probe.
    context = browser.new_context(viewport={"width": 1280, "height": 860}, bypass_csp=True)
    context.add_init_script(f"localStorage.setItem('gioconda.option.fps', '{fps}')")
    # The page keeps its peer connection to itself; its figures are wanted.
    context.add_init_script(
        "window.peers = []; window.RTCPeerConnection = class extends RTCPeerConnection "
        "{ constructor(...all) { super(...all); peers.push(this); } }"
    )
    shown = context.new_page()
    try:
        shown.goto(f"{address}?path={path}")
        shown.wait_for_function(
            "window.gioconda && gioconda.state === 'live' && "
            "(gioconda.stats().shown > 5 || gioconda.stats().fps > 5)", timeout=40_000,
        )  # fmt: skip
        shown.evaluate((Path(__file__).parent / "probe.js").read_text(encoding="utf-8"))
        shown.evaluate("probe.watch()")
        shown.wait_for_timeout(1500)
        yield shown
    finally:
        context.close()
        # Its place is free again.
        time.sleep(1.0)
