"""A file that a session on another machine records: it is brought home, and signed there."""

from __future__ import annotations

from gioconda.live.outputs.file import FileOutput
from gioconda.trust.provenance import Provenance


class AwayFileOutput(FileOutput):
    """A :class:`FileOutput` in a worker's own scratch folder.

    The keys never leave the machine that they were made on, so that nothing can be signed here:
    whoever brings the file home (:mod:`gioconda.cluster.far_files`) does it before the file gets
    its name there.
    """

    def _seal(self, provenance: Provenance) -> None:
        """Leave the file as it is."""
