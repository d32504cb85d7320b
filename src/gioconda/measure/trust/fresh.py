"""Fresh outputs of every format, each verified as a stranger would: all three marks, every time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from gioconda.measure.trust.clips import Source
from gioconda.trust.provenance import BasisName

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound
    from gioconda.trust.verify.means import Means

#: Outputs that are made and verified.
OUTPUTS: Final = 100
SECONDS: Final = 1.0
_FPS: Final = 25.0
#: Names and sides, taken in turn; their numbers have no common factor, so that all meet.
_NAMES: Final = ("talk.mp4", "talk.webm", "talk.gif", "talk_%05d.png", "talk.mkv", "talk.mov")
_SIDES: Final = (512, 256, 512, 768, 512)
_BASIS: Final[BasisName] = "artwork"


@dataclass(frozen=True)
class Fresh:
    """One output and what was found.

    Attributes:
        name: of whom, with the format and the side.
        credentials: whether they are valid, and this installation's own.
        public: whether the public mark was detected.
        identifier: whether the operator's identifier was read.
        claims: whether the plain metadata name what it is.
    """

    name: str
    credentials: bool
    public: bool
    identifier: bool
    claims: bool

    @property
    def whole(self) -> bool:
        """Whether everything was found."""
        return self.credentials and self.public and self.identifier and self.claims


def fresh_outputs(
    sources: Sequence[Source],
    count: int = OUTPUTS,
    advance: Callable[[Fresh], None] = lambda fresh: None,
) -> list[Fresh]:
    """Make short outputs in a private folder, by keys of their own, and verify each.

    Args:
        sources: portraits with voices, taken in turn.
        count: how many.
        advance: told of each.

    Raises:
        SandboxError: no process can be had that looks at files.
    """
    from gioconda.sandbox.file_reader import FileReader
    from gioconda.trust.verify.means import own_means

    found = []
    with _private_home() as folder, closing(FileReader()) as reader:
        for i in range(count):
            source = sources[i % len(sources)]
            name, side = _NAMES[i % len(_NAMES)], _SIDES[i % len(_SIDES)]
            place = folder / str(i)
            place.mkdir()
            _make(source, place / name, side)
            shown = f"{source.name}, {Path(name).suffix}, {side} px"
            found.append(_verified(shown, place, own_means(reader)))
            advance(found[-1])
    return found


def _make(source: Source, target: Path, side: int) -> None:
    from gioconda.pipeline import animate

    with _beginning(source) as sound:
        animate(source.picture, sound, fps=_FPS, size=side, basis=_BASIS).save(target)


def _beginning(source: Source) -> Sound:
    from gioconda.speech.sound import Sound

    assert source.voice is not None
    with Sound.open(source.voice) as sound:
        samples = np.concatenate(list(islice(sound.chunks(0.5), 6)))
    return Sound.from_array(samples[: int(SECONDS * 16_000)], 16_000)


def _verified(name: str, place: Path, means: Means) -> Fresh:
    """Verify what lies in a folder; of numbered pictures the one in the middle."""
    from gioconda.trust.verify.check import verify_file
    from gioconda.trust.watermark.keys import own_identifier

    files = sorted(p for p in place.iterdir() if p.suffix != ".wav")
    finding = verify_file(files[len(files) // 2], means)
    return Fresh(
        name,
        finding.credentials.status == "trusted" and finding.credentials.own,
        finding.watermark.status == "detected",
        finding.watermark.identifier == f"{own_identifier():016x}",
        any("digitalsource" in c.name.lower().replace("_", "") for c in finding.claims),
    )


@contextmanager
def _private_home() -> Iterator[Path]:
    """Give a folder, and let keys, ledger and log be in it meanwhile."""
    before = os.environ.get("GIOCONDA_HOME")
    with tempfile.TemporaryDirectory(prefix="gioconda-trust-") as name:
        os.environ["GIOCONDA_HOME"] = str(Path(name) / "home")
        try:
            yield Path(name)
        finally:
            if before is None:
                del os.environ["GIOCONDA_HOME"]
            else:
                os.environ["GIOCONDA_HOME"] = before
