"""The tracks that a peer's senders read."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

aiortc = pytest.importorskip("aiortc", reason="the extra [live] is not installed")

from av import CodecContext  # noqa: E402

from gioconda.live.server.rtc.tracks import FaceSound, FaceVideo  # noqa: E402


def packets(track: Any, count: int) -> list[Any]:
    async def read() -> list[Any]:
        return [await asyncio.wait_for(track.recv(), 5) for _ in range(count)]

    return asyncio.run(read())


def test_sound_in_any_pieces_is_cut_to_20_ms_and_heard_at_its_instants() -> None:
    track = FaceSound()
    # A click at a quarter of a second, in pieces of 25 ms, from instant 5 on.
    pcm = np.zeros(24_000, np.int16)
    pcm[12_000:12_240] = 16_000
    for at in range(0, len(pcm), 1200):
        track.put(pcm[at : at + 1200].tobytes(), 5 + at / 48_000)
    came = packets(track, 25)
    assert (np.diff([p.pts for p in came]) == 960).all()

    decoder: Any = CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout, decoder.format = 48_000, "mono", "s16"
    heard = np.concatenate([f.to_ndarray().ravel() for p in came for f in decoder.decode(p)])
    click = np.flatnonzero(np.abs(heard.astype(int)) > 8000)[0]
    assert came[0].pts + click == pytest.approx(5 * 48_000 + 12_000, abs=48)


def test_after_a_restart_what_was_cut_off_is_dropped() -> None:
    track = FaceSound()
    track.put(np.zeros(1500, np.int16).tobytes(), 5.0)
    track.put(np.zeros(960, np.int16).tobytes(), 9.0)
    first, second = packets(track, 2)
    assert second.pts - first.pts == 4 * 48_000


def test_a_sender_that_stopped_does_not_make_memory_grow() -> None:
    track, video = FaceSound(), FaceVideo()
    for k in range(500):
        track.put(np.zeros(1920, np.int16).tobytes(), 1 + k * 0.04)
        video.put(b"frame", 1 + k * 0.04, key=k == 0)
    newest = packets(track, 100)[-1]
    assert newest.pts / 48_000 == pytest.approx(1 + 500 * 0.04 - 0.02, abs=0.01)
    # Frames were dropped up to the next key frame.
    assert not video.put(b"frame", 30.0, key=False)
    assert video.put(b"key", 31.0, key=True)
    assert [p.pts for p in packets(video, 1)] == [31 * 90_000]
    assert video.dropped == 500 + 1


def test_a_track_that_was_stopped_ends_for_who_waits() -> None:
    from aiortc.mediastreams import MediaStreamError

    async def story() -> None:
        track = FaceVideo()
        reading = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        assert track.waiting
        track.stop()
        with pytest.raises(MediaStreamError):
            await reading

    asyncio.run(story())
