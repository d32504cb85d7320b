"""Finds every place in the sources that writes a file or encodes a picture, a sound or a video."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import gioconda

SOURCES = Path(gioconda.__file__).parent
#: Methods and functions that write or encode, by their last name.
_WRITE = {
    "imencode", "imwrite", "savefig", "save", "savez", "savez_compressed", "tofile", "write_bytes",
    "write_text",
}  # fmt: skip
#: What opens a file for writing, or an encoder, when one of its words says so.
_OPEN = {"open", "fdopen", "NamedTemporaryFile", "create"}
#: Our own classes and functions that begin to write a file or to send frames.
_BEGIN = {
    "AwayFileOutput", "CameraOutput", "CodecEncoder", "ContainerEncoder", "FarVideoWriter",
    "FileOutput", "GifEncoder", "JpegEncoder", "Muxer", "PictureEncoder", "StreamOutput",
    "VideoWriter", "open_output", "open_writer",
}  # fmt: skip


class _Places(ast.NodeVisitor):
    def __init__(self, module: str) -> None:
        self._module = module
        self._within: list[str] = []
        self.found: list[str] = []

    def _scope(self, node: ast.AST) -> None:
        self._within.append(node.name)  # type: ignore[attr-defined]
        self.generic_visit(node)
        self._within.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _scope

    def visit_Call(self, node: ast.Call) -> None:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in _WRITE | _BEGIN or (name in _OPEN and _for_writing(node)):
            self.found.append(f"{self._module}:{'.'.join(self._within)} {name}")
        self.generic_visit(node)


def _for_writing(call: ast.Call) -> bool:
    said = [*call.args, *(k.value for k in call.keywords if k.arg == "mode")]
    words = [a.value for a in said if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return any(word and set(word) <= set("rwaxbt+") and set(word) & set("wax+") for word in words)


def places(folder: Path = SOURCES) -> set[str]:
    """Every place, as ``module.py:Class.function call``."""
    return {place for path in sorted(folder.rglob("*.py")) for place in _in(path, folder)}


def _in(path: Path, folder: Path) -> Iterator[str]:
    visitor = _Places(path.relative_to(folder).as_posix())
    visitor.visit(ast.parse(path.read_text("utf-8")))
    yield from visitor.found
