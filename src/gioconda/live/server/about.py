"""Routes that tell what the server is and has."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from fastapi import APIRouter

from gioconda import __version__
from gioconda.live.messages import TEXT_CHARACTERS
from gioconda.live.server import answers as a
from gioconda.live.server.job_queue import FILE_S, MOST_WAITING
from gioconda.live.server.state import ALONE_S, KEEP_S

if TYPE_CHECKING:
    from gioconda.live.server.app import Server


def routes(server: Server) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1", tags=["server"], responses=a.errors(429))

    @router.get("/server")
    async def about() -> a.ServerAnswer:
        """Tell what this server is and has; this needs no token."""
        limits = server.limits
        return a.ServerAnswer(
            version=__version__, capacity=server.pool.capacity, sessions=server.pool.taken,
            jobs=len(server.jobs), voices=await asyncio.to_thread(installed_voices),
            limits=a.LimitsAnswer(
                picture_bytes=limits.image_bytes, picture_pixels=limits.image_pixels,
                sound_bytes=limits.sound_bytes, sound_s=limits.sound_s,
                text_characters=TEXT_CHARACTERS, jobs_waiting=MOST_WAITING, upload_kept_s=KEEP_S,
                file_kept_s=FILE_S, alone_s=ALONE_S,
            ),
            outputs_allowed=bool(server.settings.allow_output),
            token_required=server.settings.safety.token is not None,
        )  # fmt: skip

    @router.get("/voices", responses=a.errors(401))
    async def voices() -> list[a.VoiceAnswer]:
        """List the voices that texts can be spoken with; none where none is installed."""
        return await asyncio.to_thread(installed_voices)

    return router


@cache
def installed_voices() -> list[a.VoiceAnswer]:
    """Return the voices of this machine, as they were at the first call."""
    from gioconda.errors import VoiceError
    from gioconda.voices.registry import create

    try:
        found = create("espeak-ng").voices()
    except VoiceError:
        return []
    return [a.VoiceAnswer(name=v.name, description=v.description) for v in found]
