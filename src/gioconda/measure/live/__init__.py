"""How live sessions do in a real browser: frames, delays, synchrony, memory, recovery."""

from __future__ import annotations

from gioconda.measure.live.report import measure_live

__all__ = ["measure_live"]
