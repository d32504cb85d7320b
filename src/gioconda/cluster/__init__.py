"""Many machines: batches of videos on Ray Data, live sessions on Ray Serve.

Everything here needs the extra ``cluster``. Media of a live session never pass through Ray: a
worker on another machine connects back to the server (:mod:`gioconda.cluster.gate`).
"""

from __future__ import annotations
