"""Performance: speech features and controls become motion of mouth, head, eyes and brows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gioconda.performance.performer import PerformanceState, RulePerformer, perform
    from gioconda.performance.types import Performer

__all__ = ["PerformanceState", "Performer", "RulePerformer", "perform"]


def __getattr__(name: str) -> Any:
    if name == "Performer":
        from gioconda.performance.types import Performer

        return Performer
    if name in __all__:
        from gioconda.performance import performer

        return getattr(performer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
