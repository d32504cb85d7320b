"""The real server as a user starts it, and its page in a real browser."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gioconda.live.host.encoders import KEY_S
from gioconda.measure.live.browser import children, cpu_s, resident_mb
from gioconda.measure.live.sounds import RATE_HZ, int16

ROOT = Path(__file__).resolve().parents[2]
START_S = 90.0

#: Keeps what the mouth's pixels do in each frame that is drawn: the mean difference, of 255, from
#: the frame that is shown when it is called.
WATCH_MOUTH = """(box) => {
  const small = new OffscreenCanvas(32, 32);
  const context = small.getContext('2d', { willReadFrequently: true });
  const mouth = () => {
    const side = gioconda.canvas.width;
    const [left, top, width, height] = box.map((part) => part * side);
    context.drawImage(gioconda.canvas, left, top, width, height, 0, 0, 32, 32);
    return context.getImageData(0, 0, 32, 32).data;
  };
  const rest = mouth();
  window.changes = [];
  gioconda.onframe = ({ shownMs }) => {
    const now = mouth();
    let sum = 0;
    for (let i = 1; i < now.length; i += 4) sum += Math.abs(now[i] - rest[i]);
    changes.push([shownMs, sum / 1024]);
  };
}"""

DROP = """([name, type, text]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  for (const kind of ['dragover', 'drop']) {
    document.body.dispatchEvent(
      new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


class Served:
    """``gioconda serve`` in a process of its own, which can be killed and started again.

    Args:
        folder: for its cache, its temporary files and what it says.
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/"
        self.folder = folder
        self._log = folder / "log"
        self.start()

    def start(self) -> None:
        """Start it; returns once it answers."""
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        here = {
            "PYTHONPATH": str(ROOT / "src"),
            "GIOCONDA_CACHE": str(self.folder / "cache"),
            "TMPDIR": str(temporary),
        }
        command = [sys.executable, "-m", "gioconda", "serve", "--sessions", "2"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self._port)],
                env={**os.environ, **here}, stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}v1/server", timeout=5).close()
                return
            assert self.process.poll() is None, self.said
            time.sleep(0.1)
        raise AssertionError(f"the server did not start: {self.said}")

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        """Process ids of the workers that have loaded what they need."""
        return [pid for pid in children(self.process.pid) if resident_mb(pid) > 100]

    def busy_worker(self) -> int:
        """The one worker that makes frames, once the others have done nothing for a second."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            before = {pid: cpu_s(pid) for pid in self.workers()}
            time.sleep(1.0)
            used = {pid: cpu_s(pid) - seconds for pid, seconds in before.items()}
            busy = [pid for pid, seconds in used.items() if seconds > 0.05]
            if len(busy) == 1:
                return busy[0]
        raise AssertionError("not one worker makes frames")

    def kill(self) -> list[int]:
        """End it as a crash does; gives the workers that it had."""
        workers = self.workers()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        return workers

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)


@dataclass
class LivePage:
    """The page with a face in it, and what went wrong there."""

    page: Any
    box: list[float]
    problems: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keep errors of the page's scripts."""
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.lives()

    def lives(self) -> None:
        """Wait until new frames are shown."""
        self.page.wait_for_function("window.gioconda?.state === 'live'")
        self.frames(5)

    def frames(self, count: int) -> None:
        """Wait for so many frames that are not drawn yet."""
        before = self.page.evaluate("gioconda.stats().shown")
        # The count begins anew with a session.
        self.page.wait_for_function(
            "([n, before]) => { const { shown } = gioconda.stats();"
            " return shown >= before + n || (shown < before && shown >= n) }",
            arg=[count, before],
        )

    def still(self, settle_s: float = 1.5) -> None:
        """Turn the dials so that only speech moves the face, by the keyboard.

        Args:
            settle_s: seconds for what moves already to come to rest.
        """
        for dial in ("head", "expression", "blinks"):
            self.page.focus(f"#dial-{dial}")
            self.page.keyboard.press("Home")
        self.page.wait_for_timeout(1000 * settle_s)

    def picture(self) -> np.ndarray:
        """The frame that is shown, (side, side, 3) float."""
        return decoded(self.page.evaluate("gioconda.canvas.toDataURL('image/png')"))

    def animated(self) -> np.ndarray:
        """The picture that the server says it animates, at the frame's size."""
        shown = self.page.evaluate(
            """async () => {
              const answer = await fetch(document.getElementById('portrait-picture').src);
              const image = await createImageBitmap(await answer.blob());
              const { width, height } = gioconda.canvas;
              const canvas = Object.assign(document.createElement('canvas'), { width, height });
              canvas.getContext('2d').drawImage(image, 0, 0, width, height);
              return canvas.toDataURL('image/png');
            }"""
        )
        return decoded(shown)

    def watch_mouth(self) -> float:
        """Begin to watch; gives how much the mouth seems to move at rest, of 255.

        A key frame is among what is watched: it draws the picture's fine grain anew.
        """
        self.page.evaluate(WATCH_MOUTH, self.box)
        self.page.wait_for_timeout(1000 * KEY_S + 300)
        return max(change for _, change in self.changes())

    def changes(self) -> list[tuple[float, float]]:
        """(milliseconds, change) of every frame since :meth:`watch_mouth`."""
        return [(at, change) for at, change in self.page.evaluate("changes")]

    def moved(self, least: float) -> None:
        """Wait until the mouth has moved more than that."""
        self.page.wait_for_function(
            "(least) => changes.some(([, change]) => change > least)", arg=least
        )

    def rests(self, most: float) -> None:
        """Wait until the mouth has been at rest for ten frames."""
        self.page.wait_for_function(
            "(most) => changes.length >= 10"
            " && changes.slice(-10).every(([, change]) => change <= most)",
            arg=most,
        )

    def says(self, pcm: np.ndarray) -> None:
        """Speak samples at 16 kHz as one utterance."""
        self.page.evaluate(
            "([pcm, rate]) => { gioconda.pushPcm(Int16Array.from(pcm), rate); gioconda.commit(); }",
            [int16(pcm), RATE_HZ],
        )

    def drop(self, name: str, kind: str, data: bytes) -> None:
        """Drop a file on the page."""
        self.page.evaluate(DROP, [name, kind, base64.b64encode(data).decode()])

    def notice(self, words: str) -> None:
        """Wait until the page has said something."""
        self.page.wait_for_function(
            "(words) => document.getElementById('notices').textContent.includes(words)", arg=words
        )


def decoded(address: str) -> np.ndarray:
    """The picture in a data: address, (height, width, 3) float."""
    raw = base64.b64decode(address.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"), np.float32)
