"""The views of a live session: one is shown while another, from elsewhere, is prepared."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial

from gioconda.background import Background
from gioconda.frame_maker import FrameMaker
from gioconda.zoom import widened

logger = logging.getLogger(__name__)


class Views:
    """Shows one view, and changes to the next once that is made.

    Args:
        make: makes one, by ``distance``, ``background`` and ``marker``.
        distances: nearest and furthest of the first one.
        background: of the first one.
        executor: prepares views; None prepares them at once, in :meth:`want`.

    Attributes:
        shown: the view that makes frames now.
    """

    def __init__(
        self,
        make: Callable[..., FrameMaker],
        distances: tuple[float, float],
        background: Background,
        executor: Executor | None,
    ) -> None:
        self.shown = make(distance=distances, background=background)
        self._make, self._executor = make, executor
        self._coming: Future[FrameMaker] | None = None
        self._distances, self.background = self.shown.distances, background

    def want(self, distances: tuple[float, float], background: Background) -> None:
        """Have a view made that shows what is asked for, if the present one does not."""
        wanted = widened(self._distances, distances)
        if wanted == self._distances and background == self.background:
            return
        self._distances, self.background = wanted, background
        if self._executor is None:
            self.shown = self._other()()
        elif self._coming is None:
            self._coming = self._executor.submit(self._other())

    def take_over(self) -> None:
        """Show the view that was being prepared, once it is there."""
        if self._coming is None or not self._coming.done():
            return
        made, self._coming = self._coming, None
        try:
            self.shown = made.result()
        except Exception as e:
            # What can be shown goes on being shown.
            logger.error("a view could not be prepared: %s", type(e).__name__)
            return
        if self.shown.distances != self._distances or self.shown.background != self.background:
            assert self._executor is not None
            self._coming = self._executor.submit(self._other())

    def _other(self) -> Callable[[], FrameMaker]:
        """Return what makes the view now wanted; with the same background the mark goes on."""
        marker = self.shown.marker if self.shown.background == self.background else None
        return partial(
            self._make, distance=self._distances, background=self.background, marker=marker
        )
