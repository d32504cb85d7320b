"""The live WebSocket as an AsyncAPI document and as tables, made from the models themselves.

``docs/live.asyncapi.json`` and the tables of ``docs/live-messages.md`` are kept equal to these by a
test; ``scripts/make_live_schema.py`` writes them anew. See https://www.asyncapi.com/docs/reference
for the form, version 3.0.0.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gioconda import __version__
from gioconda.live import messages
from gioconda.live.packets import HEADER_BYTES, Kind

#: What the binary messages carry after their header. VP8 is not among them: it stays inside.
PACKETS: Final[Mapping[Kind, str]] = {
    Kind.H264: "one frame: H.264, Annex B, constrained baseline profile, no reordering",
    Kind.JPEG: "one frame: JPEG",
    Kind.PCM: "the sound heard from the header's instant on: int16, mono, 48 kHz",
    Kind.VOICE: "speech to be spoken: int16, mono, at the `input_rate` of `session.update`; flag 2 "
    "(ENDS) says that the utterance is complete",
    Kind.PARTNER: "speech of the other speaker, who is listened to: as VOICE",
    Kind.WEBCAM: "one JPEG of the puppeteer; the header's instant is the client's own clock",
}
#: Kinds from here on come from clients.
_FIRST_OF_CLIENT: Final = 16
HEADER: Final = (
    f"A header of {HEADER_BYTES} bytes, little-endian: uint8 kind; uint8 flags (1 KEY: a frame "
    "that needs none before it; 2 ENDS); uint16 0; uint32 number among those of its kind; float64 "
    "instant on the session's timeline in seconds. Then the payload."
)
_SCHEMAS: Final = "#/components/schemas/"
_MESSAGES: Final = "#/components/messages/"
_CHANNEL: Final = "#/channels/live"


def client_messages() -> tuple[type[BaseModel], ...]:
    """Return the models that a client sends."""
    return _members(messages.ClientMessage)


def server_events() -> tuple[type[BaseModel], ...]:
    """Return the models that the server sends."""
    return _members(messages.ServerEvent)


def document() -> dict[str, Any]:
    """Return the AsyncAPI document; its point of view is the server's."""
    incoming, outgoing = client_messages(), server_events()
    _, defined = models_json_schema(
        [(model, "validation") for model in (*incoming, *outgoing)],
        ref_template=_SCHEMAS + "{model}",
    )
    schemas = defined["$defs"]
    for model in (*incoming, *outgoing):
        _describe(schemas[model.__name__], model)
    _describe(schemas[messages.Dials.__name__], messages.Dials)
    sent = {model.__name__: _json_message(model) for model in (*incoming, *outgoing)}
    binary = {_packet_name(kind): _packet_message(kind) for kind in PACKETS}
    to_server = [model.__name__ for model in incoming]
    to_client = [model.__name__ for model in outgoing]
    for kind in PACKETS:
        (to_server if kind >= _FIRST_OF_CLIENT else to_client).append(_packet_name(kind))
    names = [*sent, *binary]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gioconda live",
            "version": __version__,
            "description": "A face that answers while you speak. Text messages are JSON, told "
            "apart by `type`; binary messages carry media. All frames and sound are synthetic.",
            "license": {"name": "Apache-2.0"},
        },
        "servers": {
            "local": {
                "host": "127.0.0.1:7860",
                "protocol": "ws",
                "description": "`gioconda serve`. Beyond the machine itself a token is needed, as "
                "`Authorization: Bearer TOKEN` or as the cookie of `POST /v1/login`.",
            }
        },
        "channels": {
            "live": {
                "address": "/v1/live",
                "description": "One session. The client's first message is `session.update`.",
                "messages": {name: {"$ref": _MESSAGES + name} for name in names},
            }
        },
        "operations": {
            "receive": _operation("receive", "What a client sends", to_server),
            "send": _operation("send", "What the server sends", to_client),
        },
        "components": {"messages": {**sent, **binary}, "schemas": schemas},
    }


def tables() -> str:
    """Return the messages as Markdown."""
    lines = ["## From the client", ""]
    for model in client_messages():
        lines += _section(model)
    lines += ["## From the server", ""]
    for model in server_events():
        lines += _section(model)
    lines += ["## Binary messages", "", HEADER, "", "| kind | from | payload |", "|---|---|---|"]
    for kind, says in PACKETS.items():
        whom = "client" if kind >= _FIRST_OF_CLIENT else "server"
        lines.append(f"| {kind.value} {kind.name} | {whom} | {says} |")
    return "\n".join(lines) + "\n"


def _members(union: Any) -> tuple[type[BaseModel], ...]:
    return get_args(get_args(union)[0])


def _told(model: type[BaseModel]) -> tuple[str, dict[str, str]]:
    """Return what a model's docstring says of it and of its attributes."""
    text = re.sub(r"``(.+?)``", r"`\1`", inspect.cleandoc(model.__doc__ or ""))
    text, _, listed = text.partition("\nAttributes:\n")
    of: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \w)", "\n" + listed):
        name, colon, says = entry.strip().partition(":")
        if colon:
            of[name] = " ".join(says.split())
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n")), of


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Put what the docstring says into the schema."""
    schema["description"], attributes = _told(model)
    for name, says in attributes.items():
        for each in (part.strip() for part in name.split(",")):
            if each in schema["properties"]:
                schema["properties"][each].setdefault("description", says)


def _type_of(model: type[BaseModel]) -> str:
    return str(model.model_fields["type"].default)


def _json_message(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": _type_of(model),
        "title": _type_of(model),
        "summary": _told(model)[0].split("\n\n")[0],
        "contentType": "application/json",
        "payload": {"$ref": _SCHEMAS + model.__name__},
    }


def _packet_name(kind: Kind) -> str:
    return f"{kind.name}Packet"


def _packet_message(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": f"binary, kind {kind.value}",
        "summary": PACKETS[kind],
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary", "description": HEADER},
    }


def _operation(action: str, summary: str, names: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "summary": summary,
        "messages": [{"$ref": f"{_CHANNEL}/messages/{name}"} for name in names],
    }


def _section(model: type[BaseModel]) -> list[str]:
    schema = model.model_json_schema()
    _describe(schema, model)
    lines = [f"### `{_type_of(model)}`", "", schema["description"], ""]
    rows = [(name, of) for name, of in schema["properties"].items() if name != "type"]
    if not rows:
        return lines
    lines += ["| field | form | what |", "|---|---|---|"]
    for name, of in rows:
        form = _form(of, schema.get("$defs", {}))
        needed = "" if name in schema.get("required", ()) or "default" not in of else ", optional"
        lines.append(f"| `{name}` | {form}{needed} | {of.get('description', '')} |")
    return [*lines, ""]


def _form(of: Mapping[str, Any], defined: Mapping[str, Any]) -> str:
    """Return a field's form in a few words."""
    if "anyOf" in of:
        return " or ".join(_form(o, defined) for o in of["anyOf"] if o.get("type") != "null")
    if "$ref" in of:
        name = of["$ref"].rsplit("/", 1)[1]
        fields = defined.get(name, {}).get("properties", {})
        return "object: " + ", ".join(f"`{field}`" for field in fields)
    if "enum" in of:
        return ", ".join(str(value) for value in of["enum"])
    if "const" in of:
        return str(of["const"]).lower()
    if of.get("type") == "array":
        if "prefixItems" in of:
            return f"[{', '.join(_form(o, defined) for o in of['prefixItems'])}]"
        return f"list of {_form(of['items'], defined)}"
    low, high = of.get("minimum", of.get("minLength")), of.get("maximum", of.get("maxLength"))
    kind = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(
        of["type"], str(of["type"])
    )
    if "maxLength" in of:
        return f"{kind}, {f'{low:g}' if low else 'up'} to {high:g} characters"
    if high is not None:
        return f"{kind}, {low or 0:g} to {high:g}"
    return kind if low is None else f"{kind}, {low:g} or more"
