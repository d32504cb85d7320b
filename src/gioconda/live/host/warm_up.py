"""What a worker does before it is ready: everything is loaded, so that no session waits for it."""

from __future__ import annotations

import numpy as np

from gioconda.live.host.commands import EXAMPLE
from gioconda.live.host.portraits import HeldPortraits


def warm_up(portraits: HeldPortraits) -> None:
    """Load every library, kernel and model by making a few frames of the example.

    They leave for nowhere, so that nobody is asked whether they may be made: a worker is there
    for other portraits also where the example's consent is revoked. And their marks are nobody's:
    a worker elsewhere is not to make itself keys.
    """
    import cv2

    from gioconda import examples
    from gioconda.live.host.encoders import create_encoder
    from gioconda.live.packets import Kind
    from gioconda.live.resample import Resampler
    from gioconda.live.session import LOOKAHEAD_MS
    from gioconda.live.types import OUTPUT_RATE_HZ
    from gioconda.portrait import Portrait
    from gioconda.render.registry import create
    from gioconda.session import SAMPLE_RATE_HZ, Performance
    from gioconda.trust.label import Label
    from gioconda.trust.watermark.keys import OperatorKey
    from gioconda.trust.watermark.marker import Marker
    from gioconda.trust.watermark.marks import marks_of
    from gioconda.voices.types import TimedPhone

    # One thread renders and encodes; more would only contend with other sessions.
    cv2.setNumThreads(1)
    # What finds faces is loaded too: of the example they are known without looking.
    Portrait.open(str(examples.portrait_path()), cache=False)
    performance = Performance(lookahead_ms=LOOKAHEAD_MS)
    hearing = Resampler(OUTPUT_RATE_HZ, SAMPLE_RATE_HZ)
    # With a phone, since texts bring theirs.
    heard = hearing.step(np.zeros(OUTPUT_RATE_HZ // 2, np.float32))
    motion = performance.push(heard, (TimedPhone(0.0, 0.1, "a"),))
    renderer = create("mesh", portraits.get(EXAMPLE).view(512))
    marker = Marker(512, 512, marks_of(0, OperatorKey(0, bytes(32))))
    label = Label(512, 512)
    encoders = [create_encoder(kind, 512, 512, 40) for kind in (Kind.H264, Kind.VP8)]
    for k in range(6):
        image = renderer.render(motion.at(0.05 * k))
        with label.on(image, 1.0):
            marked = marker.marked(image)
        for encoder in encoders:
            encoder.encode(marked, 0.05 * k, key=False)
