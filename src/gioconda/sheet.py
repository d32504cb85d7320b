"""A sheet of expressions of one portrait: what to expect, before any long work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import FloatArray, moment, set_gaze

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.trust.provenance import Basis
    from gioconda.trust.watermark.marks import Marks

ByteImage = npt.NDArray[np.uint8]


def _both(name: str, weight: float) -> dict[str, float]:
    return {name + "Left": weight, name + "Right": weight}


def _looking(yaw_deg: float, pitch_deg: float) -> FloatArray:
    m = moment()
    set_gaze(m, yaw_deg, pitch_deg)
    return m


#: Title and motion of each cell, in reading order.
CELLS: Final[tuple[tuple[str, FloatArray], ...]] = (
    ("portrait", moment()),
    ("closed lips", moment(articulation=1)),
    ("A", moment(articulation=1, jawOpen=0.5, **_both("mouthLowerDown", 0.3))),
    ("E", moment(articulation=1, jawOpen=0.22, **_both("mouthStretch", 0.35),
                 **_both("mouthLowerDown", 0.35), **_both("mouthUpperUp", 0.2))),
    ("O", moment(articulation=1, jawOpen=0.28, mouthFunnel=0.6, mouthPucker=0.25)),
    ("U", moment(articulation=1, jawOpen=0.1, mouthPucker=0.8, mouthFunnel=0.2)),
    ("F", moment(articulation=1, jawOpen=0.08, mouthRollLower=0.6, **_both("mouthUpperUp", 0.25))),
    ("M", moment(articulation=1, mouthRollLower=0.25, mouthRollUpper=0.25,
                 **_both("mouthPress", 0.35))),
    ("smile", moment(articulation=1, **_both("mouthSmile", 0.7), **_both("cheekSquint", 0.5))),
    ("smile, open", moment(articulation=1, jawOpen=0.3, **_both("mouthSmile", 0.6),
                           **_both("mouthUpperUp", 0.3))),
    ("frown", moment(articulation=1, **_both("mouthFrown", 0.7), **_both("browDown", 0.8))),
    ("surprise", moment(articulation=1, jawOpen=0.35, browInnerUp=0.9, **_both("browOuterUp", 0.8),
                        **_both("eyeWide", 0.7))),
    ("blink", moment(**_both("eyeBlink", 1.0))),
    ("gaze right", _looking(20, 0)),
    ("gaze left", _looking(-20, 0)),
    ("gaze up", _looking(0, -12)),
    ("gaze down", _looking(0, 12)),
    ("yaw 12", moment(headYaw=12)),
    ("yaw -12", moment(headYaw=-12)),
    ("nod", moment(headPitch=10, headRoll=4)),
)  # fmt: skip


def expression_sheet(
    portrait: Portrait,
    *,
    size: int = 512,
    columns: int = 5,
    basis: Basis | None = None,
    marks: Marks | None = None,
) -> ByteImage:
    """Render the cells of :data:`CELLS` side by side, and mark the whole.

    Args:
        portrait: whom to show.
        size: side at which the frames are rendered.
        columns: cells in a row; each cell is half a frame wide.
        basis: on which the portrait is animated, as in :func:`gioconda.animate`.
        marks: what the watermark says; this installation's own if None.

    Returns:
        uint8 RGB.

    Raises:
        ConsentError: the portrait may not be animated.
    """
    import cv2

    from gioconda.render.registry import create
    from gioconda.trust.consent.requirement import granted
    from gioconda.trust.stills import marked_still

    granted(portrait, basis)
    renderer = create("mesh", portrait.view(size))
    side = size // 2
    cells = []
    for title, m in CELLS:
        cell = cv2.resize(renderer.render(m), (side, side), interpolation=cv2.INTER_AREA)
        _title(cell, title)
        cells.append(cell)
    blank = np.zeros_like(cells[0])
    cells += [blank] * (-len(cells) % columns)
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return marked_still(np.vstack(rows).astype(np.uint8), marks)


def _title(cell: ByteImage, title: str) -> None:
    import cv2

    strip = max(round(cell.shape[0] * 0.085), 14)
    cell[-strip:] = (cell[-strip:] * 0.3).astype(np.uint8)
    scale = strip / 34
    baseline = (round(strip * 0.3), cell.shape[0] - round(strip * 0.28))
    cv2.putText(
        cell, title, baseline, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA
    )
