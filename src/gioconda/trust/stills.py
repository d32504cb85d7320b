"""Single pictures of a made face, such as a sheet of expressions: marked, and signed.

Frames of videos are marked where they are made; whatever else shows a face goes through here.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gioconda.targets import replacing
from gioconda.trust.provenance import Provenance

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
        image: as :func:`marked_still` returned it.
        target: replaced if it is there.
        provenance: what it was made from; says the identifier that it was marked with.

    Raises:
        OptionError: another suffix.
        TrustError: it cannot be signed; nothing is left behind.
        OutputError: it cannot be written.
    """
    from gioconda.trust.seal import seal_image

    with replacing(target) as stage:
        stage.write_bytes(seal_image(image, target.suffix, provenance))


def sealed_png(data: bytes, provenance: Provenance) -> bytes:
    """Return a marked PNG as a signed one, as where another machine has made it.

    Raises:
        TrustError: it cannot be signed.
    """
    from PIL import Image

    from gioconda.trust.seal import seal_image

    with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
        return seal_image(np.asarray(picture.convert("RGB")), ".png", provenance)
