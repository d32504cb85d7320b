"""Sessions on replicas of Ray Serve: one that is killed goes on, its neighbour notices nothing."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gioconda.cluster.connection import Cluster
from gioconda.cluster.face_host import Scaling
from gioconda.controls import Controls
from gioconda.live.host import commands as c
from gioconda.live.host.face import Face
from gioconda.live.host.pool import BusyError
from gioconda.live.messages import MotionEvent, SessionRestarted
from gioconda.live.packets import Kind, Packet
from gioconda.video.probe import probe

#: So long is waited for what should come within seconds, on a busy machine.
PATIENCE_S = 60.0


class Watch:
    """What one client of a face has seen."""

    def __init__(self) -> None:
        self.frames: list[Packet] = []
        self.gaze_deg: list[float] = []
        self.outputs: list[c.OutputChanged] = []
        self.restarts = 0

    async def follow(self, face: Face) -> None:
        async for item in await face.subscribe(Kind.JPEG):
            if isinstance(item, SessionRestarted):
                self.restarts += 1
                self.frames.clear()
                self.gaze_deg.clear()
            elif isinstance(item, c.OutputChanged):
                self.outputs.append(item)
            elif isinstance(item, MotionEvent):
                yaw = item.channels.index("gazeYaw")
                self.gaze_deg += [row[yaw] for row in item.rows]
            elif isinstance(item, Packet) and item.kind is Kind.JPEG:
                self.frames.append(item)

    @property
    def picture(self) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(self.frames[-1].payload)), np.float32)


async def until(true: Callable[[], object]) -> None:
    """Wait for a state; fail if it does not come."""
    for _ in range(int(PATIENCE_S / 0.1)):
        if true():
            return
        await asyncio.sleep(0.1)
    pytest.fail("what was waited for did not come")


def test_a_killed_session_goes_on_and_its_neighbour_does_not_notice(
    cluster: Cluster, astronaut: np.ndarray, tmp_path: Path
) -> None:
    from gioconda.cluster.ray_pool import RayPool

    async def run() -> None:
        pool = RayPool(cluster, 2, scaling=Scaling(3, downscale_delay_s=1.0))
        await pool.start()
        try:
            await sessions(pool)
        finally:
            await pool.close()

    async def sessions(pool: RayPool) -> None:
        loads = {
            "mirrored": c.LoadPortrait("mirrored", np.ascontiguousarray(astronaut[:, ::-1])),
            c.EXAMPLE: c.LoadPortrait(c.EXAMPLE),
        }
        faces, watches, tasks = [], [], []
        for key in loads:
            spec = c.OpenSession(key, Controls(blinks=0, head=0), fps=24, size=256)
            face = await Face.open(pool, spec, lambda key=key: loads[key])
            watch = Watch()
            tasks.append(asyncio.create_task(watch.follow(face)))
            faces.append(face)
            watches.append(watch)
        ours, others = watches
        with pytest.raises(BusyError, match="all 2 places"):
            await Face.open(pool, c.OpenSession(c.EXAMPLE), lambda: loads[c.EXAMPLE])
        await faces[0].set_motion(True)
        turned = Controls(gaze=(14.0, 0.0), blinks=0, head=0)
        await faces[0].send(c.Turn(controls=turned))
        await until(lambda: np.median(ours.gaze_deg[-24:] or [0]) > 8)
        await until(lambda: others.frames)
        recording = tmp_path / "recording.mp4"
        await faces[1].send(c.StartOutput("recording", str(recording)))
        before, pids = ours.picture, [f._worker.pid for f in faces]
        assert len({*pids, os.getpid()}) == 3

        os.kill(pids[0], signal.SIGKILL)

        await until(lambda: ours.restarts and len(ours.gaze_deg) >= 24)
        assert faces[0]._worker.pid not in pids
        # The same person, looking where asked.
        assert np.abs(ours.picture - before).mean() < 8
        assert np.abs(others.picture - before).mean() > 30
        assert np.median(ours.gaze_deg[-12:]) > 8
        # The other has the same worker, and all its frames in order.
        assert others.restarts == 0
        assert faces[1]._worker.pid == pids[1]
        assert faces[1].restarts == 0
        numbers = [p.number for p in others.frames]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

        # What it recorded on its machine is here once it is whole.
        assert not recording.exists()
        await faces[1].send(c.StopOutput("recording"))
        await until(lambda: [o for o in others.outputs if o.state in ("closed", "failed")])
        assert others.outputs[-1].state == "closed", others.outputs
        assert probe(recording).frames > 12
        assert [p.name for p in tmp_path.iterdir()] == ["recording.mp4"]

        # With nobody there, one spare worker is left, and the replicas go.
        for face in faces:
            await face.close("the test ends")
        await asyncio.gather(*tasks)
        assert pool.taken == 0
        await until(lambda: replicas(pool) == 1)

    asyncio.run(run())


def replicas(pool: object) -> int:
    """Return how many replicas run or are about to."""
    from ray import serve

    status = serve.status().applications[pool._name]  # type: ignore[attr-defined]
    states = status.deployments["FaceHost"].replica_states
    return sum(states.values())
