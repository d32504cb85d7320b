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
    [("painting_donna_velata.jpg", 30), ("painting_pearl_earring_turned.jpg", 24)],
)
def test_the_mended_side_keeps_its_own_light(
    shared: Path, name: str, grey_levels: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = Portrait.open(shared / "data" / "portraits" / name, cache=False).view(512)
    mended, plain = turned_to_camera(view, monkeypatch)
    blurred = cv2.GaussianBlur(mended - plain, (0, 0), 8)
    assert np.abs(mended - plain).max() > 15
    # on the cheek: at the eye's outer corner the plain frame smears lashes and background
    cheek = int(view.landmarks[[145, 374], 1].max()) + 8
    assert np.abs(blurred[cheek:]).max() < grey_levels


@pytest.mark.parametrize("name", ["painting_pearl_earring_turned", "photo_woman_threequarter"])
def test_new_skin_has_no_streaks(shared: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the plain frame draws a few pixels out sideways, detail runs both ways again."""
    path = next((shared / "data" / "portraits").glob(name + ".*"))
    view = Portrait.open(path, cache=False).view(512)
    mended, plain = turned_to_camera(view, monkeypatch)
    new = np.abs(mended - plain).max(2) > 2
    new = cv2.erode(new.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert new.sum() > 1500

    def streaks(frame: np.ndarray) -> float:
        """Energy of what changes down the picture over that of what changes across."""
        across, down = (cv2.Sobel(frame, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
        return float((down[new] ** 2).sum() / (across[new] ** 2).sum())

    assert streaks(mended) < 0.8 * streaks(plain)
