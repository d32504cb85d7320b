"""The command ``gioconda serve``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from gioconda.cli.consent_options import NOTHING, Stating
from gioconda.cli.voice import tell_people
from gioconda.errors import MissingExtraError, OptionError, OutputError

if TYPE_CHECKING:
    from gioconda.live.host.pool import Pool


def serve(
    host: str,
    port: int,
    *,
    sessions: int | None,
    token: str | None = None,
    origins: tuple[str, ...] = (),
    hosts: tuple[str, ...] = (),
    ice_servers: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    label: bool = False,
    log_level: str = "warning",
    cluster: str | None = None,
    cluster_port: int = 0,
    consent: Stating = NOTHING,
) -> None:
    """Run the server until Ctrl-C.

    Args:
        host: address to bind to.
        port: to listen at; 0 for any that is free.
        sessions: at once.
        token: that callers must show.
        origins: web sites that may call.
        hosts: names under which a proxy publishes the server; a token is required then.
        ice_servers: URLs of STUN and TURN servers for WebRTC.
        outputs: beginnings of addresses that clients may send sessions to.
        label: whether the visible label stays in every session.
        log_level: how much is logged.
        cluster: address of a Ray cluster that holds the sessions; None for this machine alone.
        cluster_port: that its workers connect back to; any that is free if 0.
        consent: about the portraits of clients of this machine that state nothing themselves.

    Raises:
        OptionError: an option cannot be used, or the port is in use.
        MissingExtraError: a part of the extra ``live``, or of ``cluster``, is not installed.
        ClusterError: no cluster answers.
        OutputError: the port for the cluster's workers is taken.
    """
    if sessions is not None and sessions < 1:
        raise OptionError(f"sessions is {sessions}; at least one is needed")
    try:
        from gioconda.live.server import run
        from gioconda.live.server.access import entry
        from gioconda.live.server.app import ServeSettings, create_app
        from gioconda.live.server.safety import Safety
        from gioconda.live.server.webrtc import checked_ice_server
        from gioconda.trust.consent.ledger import Ledger
    except ModuleNotFoundError as e:
        raise MissingExtraError("gioconda serve", "live") from e
    from gioconda.cli.consenting import make_keys, statement_of, wrong_usage

    statement = statement_of(consent)
    if statement is not None:
        with wrong_usage():
            statement.check(Ledger().now)
    way_in = entry(host, token or None, published=bool(hosts))
    safety = Safety(way_in.token, way_in.loopback, origins, hosts)
    if statement is not None and not (way_in.loopback and not hosts):
        raise OptionError(
            "--basis speaks for clients of this machine alone; beyond it each states its own"
        )
    ice = tuple(checked_ice_server(url) for url in ice_servers)
    with (
        closing(run.listening(host, port)) as listener,
        _pool(cluster, sessions, cluster_port) as pool,
    ):
        app = create_app(ServeSettings(sessions, outputs, safety, ice, label, statement), pool)
        address = run.address_of(listener, host)
        make_keys(tell_people)

        def started() -> None:
            way_in.announce(sys.stderr)
            print(f"Gioconda: {address}  (Ctrl-C ends it)", file=sys.stderr, flush=True)

        run.run(app, listener, log_level, started)


@contextmanager
def _pool(cluster: str | None, sessions: int | None, port: int) -> Iterator[Pool | None]:
    """Give the workers of a cluster; None for those of this machine."""
    if cluster is None:
        yield None
        return
    from gioconda.cluster.connection import connected
    from gioconda.cluster.ray_pool import SPARE, RayPool

    # A Ray on this machine alone counts a core for each session and for the one kept ready.
    places = (sessions or len(os.sched_getaffinity(0))) + SPARE
    with connected(cluster, "gioconda serve --cluster", cores=places) as joined:
        try:
            pool = RayPool(joined, sessions, port=port)
        except OSError as e:
            raise OutputError(
                f"workers cannot connect back to {joined.gateway}:{port}: {e.strerror or e}; "
                "choose another --cluster-port"
            ) from e
        machines = "1 machine" if joined.machines == 1 else f"{joined.machines} machines"
        print(f"sessions run on {machines}, {pool.capacity} at once", file=sys.stderr)
        yield pool
