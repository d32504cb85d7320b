"""A pool whose workers are replicas of a Ray Serve deployment, on the machines of a cluster."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import threading
import time
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from multiprocessing.connection import Connection
from typing import Any, Final

from gioconda.cluster.connection import Cluster, hush
from gioconda.cluster.face_host import Scaling, application
from gioconda.cluster.far_files import Incoming
from gioconda.cluster.gate import Gate, Invitation, hang_up
from gioconda.live.host import commands as c
from gioconda.live.host.connected_worker import ConnectedWorker
from gioconda.live.host.pool import START_S, WorkerPool

logger = logging.getLogger(__name__)

#: Workers kept ready beyond the sessions that run, so that one that is lost is replaced at once.
SPARE: Final = 1
#: How often the cluster's cores are counted, and workers that were lost unused are replaced.
_LOOK_S: Final = 2.0
_POLL_S: Final = 0.25


class FarWorker(ConnectedWorker):
    """A worker on another machine.

    Files that it writes are brought to this machine.
    """

    def __init__(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._incoming = Incoming()
        super().__init__(connection, lambda: None, loop)

    async def send(self, command: c.Command) -> None:
        """Give it a command; of a lost one nothing is heard."""
        if isinstance(command, c.OpenSession):
            self._incoming.opened(command)
        if isinstance(command, c.StartOutput):
            self._incoming.started(command)
        await super().send(command)

    def end(self) -> None:
        """End the connection, and with it the worker."""
        # A socket that a thread reads from lives on when it is closed; the worker would, too.
        hang_up(self._connection)
        super().end()
        self._incoming.close()

    def _heard(self, report: Any) -> None:
        self._incoming.take(report, super()._heard)


class RayPool(WorkerPool):
    """Workers on a cluster: one core each, started as they are needed.

    A worker is a request to the deployment :class:`~gioconda.cluster.face_host.FaceHost` that
    lasts as long as the worker. Serve starts and stops replicas by the number of such requests;
    the worker connects back to this machine and is from then on like a local one.

    Args:
        cluster: that this process is connected to, for as long as the pool lives.
        capacity: sessions at once; all cores of the cluster but :data:`SPARE` if None, counted
            again and again as machines come and go.
        port: that workers connect back to; any that is free if 0.
        scaling: how replicas follow; by the capacity if None.
    """

    _starts_at_once = 16
    far = True

    def __init__(
        self,
        cluster: Cluster,
        capacity: int | None = None,
        *,
        port: int = 0,
        scaling: Scaling | None = None,
    ) -> None:
        super().__init__(capacity or max(cluster.cores - SPARE, 1))
        self._fixed = capacity is not None
        self._gate = Gate(cluster.gateway, port)
        # More machines may come where the capacity follows them.
        most = self._capacity + SPARE if self._fixed else max(1000, self._capacity + SPARE)
        self._scaling = scaling or Scaling(most)
        self._name = f"gioconda-{secrets.token_hex(4)}"
        self._handle: Any = None
        self._deployed = threading.Event()
        self._looking: asyncio.Task[None] | None = None

    @property
    def gate(self) -> Gate:
        """Where workers connect back to."""
        return self._gate

    async def start(self) -> None:
        """Deploy, and begin to start workers; returns once one is ready."""
        self._handle = await asyncio.to_thread(self._deploy)
        self._deployed.set()
        self._looking = asyncio.get_running_loop().create_task(self._look())
        await super().start()

    async def close(self) -> None:
        """End every worker and take the deployment away."""
        if self._looking is not None:
            self._looking.cancel()
        await super().close()
        self._gate.close()
        handle, self._handle = self._handle, None
        self._deployed.set()
        if handle is not None:
            await asyncio.to_thread(self._remove, handle)

    def _deploy(self) -> Any:
        from ray import serve

        hush()
        # Clients come to this machine's own server; Ray's would only cost memory.
        serve.start(proxy_location="Disabled")
        return serve.run(application(self._scaling), name=self._name, route_prefix=None)

    def _remove(self, handle: Any) -> None:
        from ray import serve

        with contextlib.suppress(Exception):  # the cluster may be gone
            serve.delete(self._name, _blocking=False)
        with contextlib.suppress(Exception):
            handle.shutdown()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            if not self._fixed:
                with contextlib.suppress(Exception):  # the head may be away for a while
                    cores = await asyncio.to_thread(_cores)
                    self._capacity = max(cores - SPARE, 1)
            self._trim()
            self._fill()

    def _trim(self) -> None:
        """End workers that became ready when nobody waited for them any more."""
        while len(self._living()) > SPARE + len(self._waiting):
            self._idle.pop(0).end()

    def _wanted(self) -> int:
        return min(len(self._out) + len(self._waiting), self._capacity) + SPARE

    def _spawn(self, loop: asyncio.AbstractEventLoop) -> ConnectedWorker:
        # Sessions may be asked for before Serve is there.
        if not self._deployed.wait(START_S) or self._handle is None:
            raise OSError("the cluster could not be made ready")
        handle = self._handle
        invitation, coming = self._gate.invite()
        request = handle.remote(invitation)
        try:
            connection = self._connection(coming, request)
        except OSError:
            self._give_up(invitation, request)
            raise
        return FarWorker(connection, loop)

    def _connection(self, coming: Future[Connection], request: Any) -> Connection:
        """Wait for a worker to connect back.

        Raises:
            OSError: it did not, or the pool was closed.
        """
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            try:
                return coming.result(_POLL_S)
            except FutureTimeout:
                self._check(request)
            except CancelledError:
                raise OSError("the pool is closed") from None
        raise OSError(
            f"no worker of the cluster connected back within {START_S:.0f} s: either no core is "
            f"free, or its machines cannot reach {self._gate.host}:{self._gate.port}"
        )

    def _check(self, request: Any) -> None:
        """Notice a request that has failed.

        Raises:
            OSError: it has.
        """
        try:
            request.result(timeout_s=0)
        except TimeoutError:
            return
        except Exception as e:  # what a replica or Ray raises
            reason = " ".join(str(e).split())[-300:]
            raise OSError(f"a worker of the cluster ended while it started: {reason}") from e
        raise OSError("a worker of the cluster ended while it started")

    def _give_up(self, invitation: Invitation, request: Any) -> None:
        self._gate.withdraw(invitation)
        with contextlib.suppress(Exception):
            request.cancel()


def _cores() -> int:
    import ray

    return int(ray.cluster_resources().get("CPU", 0))
