"""Regions of the face, by landmarks: what a fit weighs and what figures are told for."""

from __future__ import annotations

from typing import Final

from gioconda.render.mesh import topology as topo

#: The regions that figures are given for. Jaw and cheeks are those that speech moves.
REGIONS: Final[dict[str, tuple[int, ...]]] = {
    "lips": topo.LIPS,
    "eyes": (
        *topo.RIGHT_UPPER_LID, *topo.RIGHT_LOWER_LID, *topo.LEFT_UPPER_LID, *topo.LEFT_LOWER_LID,
    ),
    "brows": (
        *topo.RIGHT_BROW_UPPER, *topo.RIGHT_BROW_LOWER, *topo.LEFT_BROW_UPPER,
        *topo.LEFT_BROW_LOWER,
    ),
    "jaw": (152, 148, 176, 149, 150, 377, 400, 378, 379, 199, 175, 200),
    "cheeks": (50, 280, 205, 425, 187, 411, 207, 427, 206, 426, 216, 436),
}  # fmt: skip
