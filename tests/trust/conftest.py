"""A private folder for each test, unsealed files, short outputs, and what anyone reads in them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.trust.outputs import Shelf

from gioconda import Portrait, Sound, examples
from gioconda.trust.credentials.found import Credentials
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.watermark.detection import Detection
from gioconda.trust.watermark.detector import Detector
from gioconda.trust.watermark.keys import operator_keys, own_identifier


@dataclass(frozen=True)
class Read:
    """What a file says, and what is found in its pictures."""

    credentials: Credentials
    watermark: Detection | None
    raw: bytes

    def check(self, *, partial: bool = False, live: bool = False) -> None:
        """Assert all three: credentials, watermark with its identifier, plain metadata."""
        self.check_said(partial=partial, live=live)
        assert self.credentials.watermark == own_identifier()
        assert self.credentials.basis == "artwork"
        assert self.watermark is not None
        assert self.watermark.verdict == "detected"
        assert self.watermark.identifier == own_identifier()

    def check_said(self, *, partial: bool = False, live: bool = False) -> None:
        """Assert credentials and plain metadata."""
        assert self.credentials.valid, self.credentials.problems
        assert self.credentials.own
        making = _making(self.credentials)
        assert (making["partial"], making["live"]) == (partial, live)


def _making(found: Credentials) -> dict[str, object]:
    (data,) = (a["data"] for a in found.said["assertions"] if a["label"] == "org.gioconda.making")
    return dict(data)


def detected(frames: Iterable[np.ndarray]) -> Detection:
    """What the detector finds in RGB or grey frames, placed as they are."""
    import cv2

    detector = Detector(operator_keys(), search=False)
    for i, frame in enumerate(frames):
        grey = frame if frame.ndim == 2 else cv2.cvtColor(frame[..., :3].copy(), cv2.COLOR_RGB2GRAY)
        detector.add(grey, i / 25)
    return detector.result()


def frames_of(path: Path) -> Iterable[np.ndarray]:
    """The grey frames of a file; of a numbered picture all of its sequence."""
    import av
    from PIL import Image

    if path.suffix in (".png", ".jpg"):
        for each in sorted(path.parent.glob(f"*{path.suffix}")):
            with Image.open(each) as picture:
                yield np.asarray(picture.convert("RGB"))
        return
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0]):
            yield frame.to_ndarray(format="gray")


@pytest.fixture(scope="session")
def read() -> Callable[[Path], Read]:
    """Reads a file, and looks for the watermark in what is seen."""

    def reading(path: Path) -> Read:
        seen = None if path.suffix == ".wav" else detected(frames_of(path))
        return Read(read_credentials(path, path.suffix), seen, path.read_bytes())

    return reading


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return Portrait.open(str(examples.portrait_path()))


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Half a second of the example speech, at 16 kHz."""
    with Sound.open(examples.speech_path()) as sound:
        return np.concatenate(list(sound.chunks()))[16_000:24_000]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Unsealed files of every format."""
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(autouse=True)
def _heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let warnings reach pytest, also after a command in this process took them for itself."""
    monkeypatch.setattr(logging.getLogger("gioconda"), "propagate", True)
