"""The options of `gioconda serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from gioconda.cli.cluster_option import ClusterPort, SessionsOnCluster


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port.")] = 7860,
    sessions: Annotated[
        int | None,
        typer.Option("--sessions", help="Sessions at once; by the number of cores if not given."),
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
    cluster: SessionsOnCluster = None,
    cluster_port: ClusterPort = 0,
) -> None:
    """Serve a page on which a portrait answers while one speaks, and an API for agents.

    Beyond this machine a token is required: the variable GIOCONDA_TOKEN, or one made and shown.
    """
    from gioconda.cli import serving

    origins, hosts = tuple(allow_origin or ()), tuple(allow_host or ())
    serving.serve(
        host, port, sessions=sessions, origins=origins, hosts=hosts, cluster=cluster,
        cluster_port=cluster_port, ice_servers=tuple(ice_server or ()),
    )  # fmt: skip
