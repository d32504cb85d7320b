"""Single pictures of a made face, such as a sheet of expressions: marked, and signed.

Frames of videos are marked where they are made; whatever else shows a face goes through here.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gioconda.errors import OutputError
from gioconda.targets import replacing
from gioconda.trust.provenance import Provenance
from gioconda.trust.seal import seal

if TYPE_CHECKING:
    from gioconda.trust.watermark.marks import Marks

ByteImage = npt.NDArray[np.uint8]


def marked_still(image: ByteImage, marks: Marks | None = None) -> ByteImage:
    """Return a marked copy of a picture.

    Args:
        image: uint8 RGB, (height, width, 3).
        marks: what the watermark says; this installation's own if None.

    Raises:
        TrustError: the keys of the watermark cannot be read or made.
    """
    from gioconda.trust.watermark.marker import Marker
    from gioconda.trust.watermark.marks import own_marks

    height, width = image.shape[:2]
    return Marker(width, height, own_marks() if marks is None else marks).marked(image)


def save_still(image: ByteImage, target: Path, provenance: Provenance) -> None:
    """Write a marked picture as PNG or JPEG, by its suffix, and sign it; whole or not at all.

    Args:
        image: as :func:`marked_still` returned it, with anything around it.
        target: replaced if it is there.
        provenance: what it was made from; says the identifier that it was marked with.

    Raises:
        TrustError: it cannot be signed; nothing is left behind.
        OutputError: it cannot be written.
    """
    from PIL import Image

    with replacing(target) as stage:
        Image.fromarray(image).save(stage)
        seal(stage, target.suffix.lower(), provenance)


def sealed(data: bytes, suffix: str, provenance: Provenance) -> bytes:
    """Sign the file of a marked picture in memory; nothing of it stays on the disk.

    Args:
        data: the file.
        suffix: of its format, such as ``.png``.
        provenance: what it was made from.

    Raises:
        TrustError: it cannot be signed.
        OutputError: there is no room for a temporary file.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="gioconda-still-") as folder:
            stage = Path(folder) / f"still{suffix}"
            stage.write_bytes(data)
            seal(stage, suffix, provenance)
            return stage.read_bytes()
    except OSError as e:
        raise OutputError(f"a picture cannot be written: {e.strerror or e}") from e
