"""Both adapters with a real server, whose address is in ``GIOCONDA_SERVER``.

Not collected by itself: ``tests/live/test_agents.py`` starts the server and runs it.
"""

from __future__ import annotations

import asyncio
import os

import numpy as np
import pytest
from pipecat.frames.frames import (
    OutputImageRawFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.tests.utils import run_test
from tests.live.agents.check_livekit import Stage, tone

from gioconda.live.client import RemoteFace
from gioconda.live.pipecat import GiocondaVideoService

SERVER = os.environ["GIOCONDA_SERVER"]


def voiced(pcm: bytes) -> int:
    """Return the number of samples that are not silent; those of a tone hardly ever are."""
    return int(np.count_nonzero(np.frombuffer(pcm, np.int16)))


def test_livekit_plays_cuts_and_plays_again() -> None:
    async def story() -> None:
        async with (
            asyncio.timeout(120),
            await RemoteFace.connect(SERVER, fps=30, size=256, pixels="i420") as face,
        ):
            on = Stage(face)
            await on.runner.start()
            await on.speak(1.0)
            done = await on.audio.wait_for_playout()
            assert not done.interrupted
            # A machine that has no time may leave gaps in what was pushed in pieces.
            assert done.playback_position >= 0.98
            spoken = sum(voiced(bytes(f.data)) for f in on.captured.audio)
            assert spoken == pytest.approx(48_000, abs=500)
            on.started.clear()
            await on.speak(6.0)
            await on.started.wait()
            await asyncio.sleep(0.5)
            on.audio.clear_buffer()
            on.audio.flush()
            cut = await on.audio.wait_for_playout()
            assert cut.interrupted
            assert 0.1 < cut.playback_position < 5.0
            await on.speak(0.4)
            done = await on.audio.wait_for_playout()
            assert not done.interrupted
            assert done.playback_position >= 0.38
            assert len(on.finished) == 3
            frame = on.captured.video[-1]
            assert (frame.width, frame.height) == (256, 256)
            # A portrait, not a plain field.
            assert np.frombuffer(frame.data, np.uint8)[: 256 * 256].std() > 20
            await on.runner.aclose()

    asyncio.run(story())


def test_pipecat_says_a_turn_whole() -> None:
    async def story() -> None:
        sent = [TTSStartedFrame(), TTSStoppedFrame()]
        for _ in range(10):
            sent.insert(1, TTSAudioRawFrame(bytes(tone(0.1).data), 24_000, 1))
        async with asyncio.timeout(120):
            service = GiocondaVideoService(SERVER, size=256)
            down, _ = await run_test(service, frames_to_send=sent, start_timeout=60)
        speech = [f for f in down if isinstance(f, TTSAudioRawFrame)]
        assert sum(voiced(f.audio) for f in speech) == pytest.approx(48_000, abs=500)
        assert isinstance(down[-1], TTSStoppedFrame | OutputImageRawFrame)
        pictures = [f for f in down if isinstance(f, OutputImageRawFrame)]
        assert pictures[-1].size == (256, 256)

    asyncio.run(story())
