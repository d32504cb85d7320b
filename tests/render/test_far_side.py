"""The far side of a turned face: mended with the near side, in its own light."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gioconda.motion import moment
from gioconda.portrait import Portrait, View
from gioconda.render import MeshRenderer
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.far_side import FarSide


def turned_to_camera(view: View, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, np.ndarray]:
    """Return a frame turned back to the camera, mended and not."""
    towards = -float(np.sign(build_mesh(view).yaw_deg))
    turn = moment(headYaw=12 * towards)
    mended = MeshRenderer(view).render(turn).astype(np.float32)
    with monkeypatch.context() as patch:
        patch.setattr(FarSide, "draw", lambda *_: None)
        plain = MeshRenderer(view).render(turn).astype(np.float32)
    return mended, plain


@pytest.mark.parametrize(
    ("name", "grey_levels"),
    [("painting_donna_velata.jpg", 46), ("painting_pearl_earring_turned.jpg", 24)],
)
def test_the_mended_side_keeps_its_own_light(
    shared: Path, name: str, grey_levels: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = Portrait.open(shared / "data" / "portraits" / name, cache=False).view(512)
    mended, plain = turned_to_camera(view, monkeypatch)
    blurred = cv2.GaussianBlur(mended - plain, (0, 0), 8)
    assert np.abs(mended - plain).max() > 15
    assert np.abs(blurred).max() < grey_levels
