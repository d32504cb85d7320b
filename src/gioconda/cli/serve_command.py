"""The options of `gioconda serve`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from gioconda.cli.cluster_option import ClusterPort, SessionsOnCluster
from gioconda.cli.consent_options import Stating, with_consent


@with_consent
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port.")] = 7860,
    sessions: Annotated[
        int | None,
        typer.Option("--sessions", help="Sessions at once; by the number of cores if not given."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="GIOCONDA_TOKEN",
            show_envvar=False,
            help="Secret that callers must show; other users see it here, so rather set the "
            "variable GIOCONDA_TOKEN.",
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option("--allow-origin", help="Web site whose scripts may call; may be repeated."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="Name under which a proxy publishes the server."),
    ] = None,
    ice_server: Annotated[
        list[str] | None,
        typer.Option(
            "--ice-server", help="stun:… or turn:… for WebRTC through routers; may be repeated."
        ),
    ] = None,
    allow_output: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-output",
            help="Clients may send sessions to addresses that begin so, as rtmp://host/app/; may "
            "be repeated.",
        ),
    ] = None,
    label: Annotated[
        bool,
        typer.Option(
            "--label",
            help='Let the word "Synthetic" stay in a corner of every session; it is there in the '
            "first seconds anyway.",
        ),
    ] = False,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        typer.Option("--log-level", help="How much is logged; never what was sent."),
    ] = "warning",
    cluster: SessionsOnCluster = None,
    cluster_port: ClusterPort = 0,
    *,
    consent: Stating,
) -> None:
    """Serve a page on which a portrait answers while one speaks, and an API for agents.

    Beyond this machine a token is required; one is made, and shown once, if none is given.
    """
    from gioconda.cli import serving

    serving.serve(
        host, port, sessions=sessions, token=token, origins=tuple(allow_origin or ()),
        hosts=tuple(allow_host or ()), outputs=tuple(allow_output or ()), log_level=log_level,
        ice_servers=tuple(ice_server or ()), label=label,
        cluster=cluster, cluster_port=cluster_port, consent=consent,
    )  # fmt: skip
