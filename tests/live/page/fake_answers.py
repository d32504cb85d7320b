"""What the small server of the page's tests tells: a pattern, figures, a portrait, errors."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.responses import JSONResponse

from gioconda.live import messages as m
from gioconda.live.host.encoders import create_encoder
from gioconda.live.packets import Kind, Packet

SIDE = 128
FPS = 40
#: Frames of the pattern; the first is a key frame.
LOOP = 40


def pattern(index: int) -> np.ndarray:
    """Frame of the pattern: a grey that tells its number, and a bar that moves."""
    image = np.full((SIDE, SIDE, 3), 40 + 4 * (index % LOOP), np.uint8)
    image[:, (3 * index) % SIDE : (3 * index) % SIDE + 4] = (220, 160, 90)
    return image


def encoded(kind: Kind) -> list[Packet]:
    """Return one turn of the pattern as packets."""
    encoder = create_encoder(kind, SIDE, SIDE, FPS)
    packets = []
    for i in range(LOOP):
        ((data, flags),) = encoder.encode(pattern(i), i / FPS, i == 0)
        packets.append(Packet(kind, i / FPS, data, i, flags))
    return packets


def refused(status: int, code: str, message: str) -> JSONResponse:
    """An error as the API tells it."""
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def portrait(key: str, yaw_deg: float = 1.0, warnings: list[str] | None = None) -> dict[str, Any]:
    """What the API tells of a portrait."""
    base = f"/v1/portraits/{key}"
    own = {"basis": "artwork", "about": "She was not asked."} if key == "example" else {}
    return own | {
        "id": key, "width": 600, "height": 800, "faces": 1, "yaw_deg": yaw_deg,
        "warnings": warnings or [], "picture": f"{base}/picture.jpg", "sheet": f"{base}/sheet.png",
    }  # fmt: skip


def motion(i: int) -> m.MotionEvent:
    """Some motion before frame ``i``."""
    times = [(i - 8 + k) / FPS for k in range(8)]
    rows = [[0.5 + 0.5 * math.sin(5 * t), 4 * math.sin(t)] for t in times]
    return m.MotionEvent(time_s=times, channels=["jawOpen", "headYaw"], rows=rows)


def stats(i: int) -> m.Stats:
    """Figures at frame ``i``."""
    return m.Stats(
        time_s=i / FPS, fps=FPS, dropped=0, made_ms=5, queued_ms=0, sessions=1, capacity=2
    )


def picture_file(folder: Path, suffix: str = "png") -> Path:
    """Write a small picture and return its path."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pattern(3)).save(buffer, {"png": "PNG", "gif": "GIF"}[suffix])
    path = folder / f"face.{suffix}"
    path.write_bytes(buffer.getvalue())
    return path
