"""The documents of the protocol are those of its models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gioconda.live.asyncapi import PACKETS, document, tables
from gioconda.live.messages import CLIENT_MESSAGES, SERVER_EVENTS
from gioconda.live.packets import Kind

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_document_in_the_docs_is_that_of_the_models() -> None:
    kept = json.loads((DOCS / "live.asyncapi.json").read_text(encoding="utf-8"))
    assert kept == document(), "run scripts/make_live_schema.py"


def test_the_tables_in_the_docs_are_those_of_the_models() -> None:
    page = (DOCS / "live-messages.md").read_text(encoding="utf-8")
    assert page.endswith(tables()), "run scripts/make_live_schema.py"


def test_every_message_and_packet_is_in_it_on_its_side() -> None:
    made = document()
    sides: dict[str, set[str]] = {}
    for action in ("receive", "send"):
        refs = [m["$ref"].rsplit("/", 1)[1] for m in made["operations"][action]["messages"]]
        sides[action] = {made["components"]["messages"][ref]["name"] for ref in refs}
    for adapter, action in ((CLIENT_MESSAGES, "receive"), (SERVER_EVENTS, "send")):
        types = set(adapter.json_schema()["discriminator"]["mapping"])
        assert {name for name in sides[action] if not name.isupper()} == types
    assert set(PACKETS) == set(Kind) - {Kind.VP8}
    assert {n for n in sides["receive"] if n.isupper()} == {"VOICE", "PARTNER", "WEBCAM"}


def test_every_reference_leads_somewhere() -> None:
    made = document()

    def lead(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                at: Any = made
                for part in node["$ref"].removeprefix("#/").split("/"):
                    at = at[part]
            for each in node.values():
                lead(each)
        elif isinstance(node, list):
            for each in node:
                lead(each)

    lead(made)
    assert "$defs" not in json.dumps(made)


def test_docstrings_describe_fields() -> None:
    stats = document()["components"]["schemas"]["Stats"]["properties"]
    assert stats["dropped"]["description"] == "frames dropped since the beginning."
    assert "``" not in json.dumps(document())


def test_the_conversation_on_the_page_is_valid() -> None:
    page = (DOCS / "live-messages.md").read_text(encoding="utf-8")
    talk = re.findall(r"```text\n(.*?)```", page, re.DOTALL)[0]
    sent = "".join(line.split("──►")[0] for line in talk.splitlines() if "◄──" not in line)
    first, commit = re.findall(r"\{[^{}]*\}", sent)[:2]
    assert CLIENT_MESSAGES.validate_json(first).input_rate == 24_000
    assert CLIENT_MESSAGES.validate_json(commit).type == "input_audio_buffer.commit"
