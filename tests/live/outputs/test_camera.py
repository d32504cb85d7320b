"""A virtual camera gets the newest frame at a constant rate, by a stand-in for pyvirtualcam."""

from __future__ import annotations

import builtins
import sys
import threading
import types
from typing import ClassVar

import numpy as np
import pytest

from gioconda.errors import MissingExtraError, OptionError, OutputError
from gioconda.live.outputs import Output, OutputEvent, open_output
from gioconda.trust.provenance import Provenance, of_marked_frames


class StandIn:
    """pyvirtualcam.Camera: ``sleep_until_next_frame`` waits for the test."""

    made: ClassVar[list[StandIn]] = []
    fails = False

    def __init__(self, width: int, height: int, fps: float, *, fmt: object, device: str | None):
        if StandIn.fails:
            raise RuntimeError("no device")
        self.size, self.fps, self.device = (width, height), fps, device
        self.sent: list[int] = []
        self.closed = False
        self._turn, self._done = threading.Semaphore(0), threading.Semaphore(0)
        StandIn.made.append(self)

    def send(self, frame: np.ndarray) -> None:
        self.sent.append(int(frame[0, 0, 0]))

    def sleep_until_next_frame(self) -> None:
        self._done.release()
        self._turn.acquire(timeout=5)

    def turn(self) -> None:
        """Let one frame's time pass."""
        self._turn.release()
        assert self._done.acquire(timeout=5)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    module = types.ModuleType("pyvirtualcam")
    module.Camera = StandIn  # type: ignore[attr-defined]
    module.PixelFormat = types.SimpleNamespace(RGB="rgb")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    StandIn.made, StandIn.fails = [], False
    return StandIn


def show(output: Output, value: int, time_s: float) -> None:
    output.write_frame(np.full((48, 64, 3), value, np.uint8), time_s)
    output.write_audio(np.zeros(1200, np.float32), round(time_s * 48_000))


def test_a_gap_repeats_the_frame_and_the_newest_wins(stand_in: type[StandIn]) -> None:
    events: list[OutputEvent] = []
    marked = of_marked_frames(Provenance(identifier=1))  # frames that are shown as they are
    output = open_output("camera", 64, 48, 30, on_event=events.append, provenance=marked)
    (camera,) = stand_in.made
    assert (camera.size, camera.fps, camera.device) == ((64, 48), 30, None)
    assert camera._done.acquire(timeout=5)
    camera.turn()
    assert camera.sent == []  # nothing before the first frame
    show(output, 10, 0.0)
    camera.turn()
    camera.turn()
    show(output, 20, 0.1)
    show(output, 30, 0.2)
    camera.turn()
    assert camera.sent == [10, 10, 30]
    assert (output.figures.frames, output.figures.dropped) == (2, 1)
    camera._turn.release()
    output.close()
    assert camera.closed
    assert [e.state for e in events] == ["live", "closed"]


def test_no_device_says_what_to_do(stand_in: type[StandIn]) -> None:
    stand_in.fails = True
    with pytest.raises(OutputError, match="no free virtual camera"):
        open_output("camera", 64, 48, 30)
    if sys.platform == "linux":
        with pytest.raises(OutputError, match="modprobe v4l2loopback"):
            open_output("camera:/dev/no-such-device", 64, 48, 30)


def test_an_odd_size_is_refused(stand_in: type[StandIn]) -> None:
    with pytest.raises(OptionError, match="even"):
        open_output("camera", 65, 48, 30)


def test_a_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name == "pyvirtualcam":
            raise ImportError(name)
        return real(name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match="pip install pyvirtualcam"):
        open_output("camera", 64, 48, 30)
