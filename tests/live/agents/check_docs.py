"""The examples of docs/agents.md, as far as they go without keys of other services.

Not collected by itself: ``tests/live/test_agents.py`` runs it where the frameworks are installed.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from livekit.agents import AgentServer
from tests.live.client.fake_server import serve

PAGE = Path(__file__).resolve().parents[3] / "docs" / "agents.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def loaded(block: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(block, str(PAGE), "exec"), names)
    return names


def test_there_is_an_example_for_each() -> None:
    assert len(BLOCKS) == 3


def test_livekits_example_registers_its_entrypoint() -> None:
    server = loaded(BLOCKS[0])["server"]
    assert isinstance(server, AgentServer)


def test_pipecats_example_is_a_bot() -> None:
    assert asyncio.iscoroutinefunction(loaded(BLOCKS[1])["bot"])


def test_the_clients_example_sees_and_hears() -> None:
    async def story() -> tuple[int, float]:
        async with serve() as server:
            result: tuple[int, float] = await loaded(BLOCKS[2])["main"](server.url)
            return result

    frames, seconds = asyncio.run(story())
    assert frames > 5
    assert seconds == pytest.approx(1.0, abs=0.3)
