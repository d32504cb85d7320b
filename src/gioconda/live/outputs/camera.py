"""A virtual camera: the face in whatever takes a webcam, through pyvirtualcam.

A camera has a constant rate. So a thread hands it the newest frame at that rate, the same again
where none came; it waits as pyvirtualcam does. A camera carries no sound.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, Final

import numpy as np

from gioconda.errors import MissingExtraError, OptionError, OutputError
from gioconda.live.outputs.address import Address
from gioconda.live.outputs.base import ThreadedOutput
from gioconda.live.outputs.types import OnEvent, check_sound
from gioconda.live.outputs.waiting import Waiting
from gioconda.live.types import ByteImage
from gioconda.motion import FloatArray
from gioconda.trust.provenance import Provenance

#: What to do where there is no device, by the system's name.
_ADVICE: Final = {
    "linux": "load one with: sudo modprobe v4l2loopback exclusive_caps=1 card_label=Gioconda "
    "(Debian: apt-get install v4l2loopback-dkms)",
    "darwin": "install OBS Studio, and start and stop its virtual camera once",
    "win32": "install OBS Studio, which brings one",
}


class CameraOutput(ThreadedOutput):
    """Shows the face as a webcam; an :class:`gioconda.live.outputs.Output` without sound.

    Args:
        address: of a camera.
        width: of the frames, in pixels; even.
        height: of the frames, in pixels; even.
        fps: frames a second.
        on_event: told about changes of state.
        provenance: of the frames.

    Raises:
        MissingExtraError: pyvirtualcam is not installed.
        OptionError: an odd size.
        OutputError: there is no virtual camera, or it is in use.
    """

    def __init__(
        self,
        address: Address,
        width: int,
        height: int,
        fps: float,
        on_event: OnEvent | None = None,
        provenance: Provenance | None = None,
    ) -> None:
        if width % 2 or height % 2:
            raise OptionError(f"a virtual camera takes even sizes, not {width} x {height}")
        self._camera = _open(address.device, width, height, fps)
        waiting = Waiting(1.0, keep_sound=False)
        super().__init__(address.shown, width, height, waiting, on_event, provenance)
        self._newest = np.zeros((height, width, 3), np.uint8)
        self._fresh = False
        self._missed = 0
        self._lock = threading.Lock()
        self._thread.start()

    def write_frame(self, image: ByteImage, time_s: float) -> None:
        """Take the frame that is shown from now on."""
        image = self._marked(image)
        with self._lock:
            self._missed += self._fresh
            np.copyto(self._newest, image)
            self._fresh = True

    def write_audio(self, pcm: FloatArray, sample: int) -> None:
        """Do nothing: a camera has no sound."""
        check_sound(pcm)

    def _work(self) -> None:
        frame = np.zeros_like(self._newest)
        try:
            while not self._waiting.ended:
                with self._lock:
                    fresh, self._fresh = self._fresh, False
                    if fresh:
                        np.copyto(frame, self._newest)
                    self._late = self._missed
                if fresh and self._state == "connecting":
                    self._connections = 1
                    self._tell("live")
                if self._connections:
                    self._camera.send(frame)
                    self._frames += fresh
                self._camera.sleep_until_next_frame()
        except (RuntimeError, OSError, ValueError) as e:
            self._fail(OutputError(f"the virtual camera was lost: {e}"))
            return
        finally:
            self._camera.close()
        self._tell("closed")


def _open(device: str, width: int, height: int, fps: float) -> Any:
    try:
        import pyvirtualcam
    except ImportError:
        raise MissingExtraError("a virtual camera", "camera") from None
    if sys.platform == "linux" and device and not os.path.exists(device):
        raise OutputError(f"there is no device {device!r}; {_ADVICE['linux']}")
    try:
        return pyvirtualcam.Camera(
            width=width, height=height, fps=fps, fmt=pyvirtualcam.PixelFormat.RGB,
            device=device or None,
        )  # fmt: skip
    except (RuntimeError, OSError, ValueError) as e:
        advice = _ADVICE.get(sys.platform, "install one")
        raise OutputError(f"no free virtual camera was found; {advice}") from e
