"""What Ray Serve runs on the machines: a replica is a place for one session at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gioconda.cluster.gate import Invitation

#: The deployment's name within its application.
DEPLOYMENT: Final = "FaceHost"
#: A replica that Serve wants to stop may end its session first, however long that lasts.
_DAY_S: Final = 86_400.0


@dataclass(frozen=True)
class Scaling:
    """How the number of replicas follows the number of workers that are asked for.

    Attributes:
        most: replicas at once.
        upscale_delay_s: how long more workers are asked for before more replicas are started.
        downscale_delay_s: how long fewer are needed before replicas are stopped.
        interval_s: how often load is counted.
    """

    most: int
    upscale_delay_s: float = 0.2
    downscale_delay_s: float = 60.0
    interval_s: float = 0.2


class FaceHost:
    """A replica: each request is a worker that lives until the gateway ends its connection."""

    async def __call__(self, invitation: Invitation) -> None:
        """Connect back to the gateway and host sessions for it.

        Raises:
            OSError: the gateway cannot be reached.
        """
        await asyncio.to_thread(_host, invitation)


def _host(invitation: Invitation) -> None:
    from gioconda.cluster.far_files import FarConnection
    from gioconda.live.host.worker import Worker
    from gioconda.trust.consent.requirement import accept_carried

    accept_carried()
    connection = FarConnection(invitation.accept())
    try:
        Worker(connection).serve()  # type: ignore[arg-type]
    finally:
        connection.close()


def application(scaling: Scaling) -> Any:
    """Return the Serve application, to be run by the gateway.

    One core and one request for each replica: a session's worker is busy for all its life, and
    the load that Serve scales by is the number of workers asked for. With no load there are no
    replicas, so that a gateway that died leaves nothing behind that costs anything.
    """
    from ray import serve

    return (
        serve.deployment(
            name=DEPLOYMENT,
            max_ongoing_requests=1,
            graceful_shutdown_timeout_s=_DAY_S,
            graceful_shutdown_wait_loop_s=1.0,
            health_check_period_s=2.0,
            health_check_timeout_s=20.0,
            ray_actor_options={"num_cpus": 1},
            autoscaling_config={
                "min_replicas": 0,
                "max_replicas": scaling.most,
                "initial_replicas": 0,
                "target_ongoing_requests": 1,
                "upscale_delay_s": scaling.upscale_delay_s,
                "downscale_delay_s": scaling.downscale_delay_s,
                "metrics_interval_s": scaling.interval_s,
                "look_back_period_s": 5 * scaling.interval_s,
            },
        )(FaceHost)
        .bind()
    )  # fmt: skip
