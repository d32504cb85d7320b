"""Write the trained net as an ONNX graph that hears one row at a time.

Every convolution's past is an input, and its next past an output: ``frames`` (2, 64) and
``past_k`` go in; ``posteriors`` (delays, 37), ``curves`` (delays, 6) and ``next_k`` come out.
For a single row a convolution is one matrix product, which runs twice as fast that way. Batch
norms are folded into what stands before them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gioconda.speech.melspec import MEL_BANDS
from gioconda.speech.types import ARTICULATION, PHONES

if TYPE_CHECKING:
    from gioconda.train.phonetic_net import PhoneticNet

_OPSET: Final = 17
_IR_VERSION: Final = 8


class _Graph:
    """Collects the nodes, constants and ports of a graph."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int64))

    def port(self, name: str, shape: tuple[int, ...], *, out: bool = False) -> str:
        from onnx import TensorProto, helper

        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        (self.outputs if out else self.inputs).append(info)
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def with_past(self, value: str, k: int, rows: int, width: int, reach: int) -> str:
        """Put the past before ``rows`` new rows and hand the end of both on as the next past."""
        past = self.port(f"past_{k}", (reach, width))
        joined = self.node("Concat", [past, value], f"joined_{k}", axis=0)
        span = [self.integers(f"from_{k}", rows), self.integers(f"to_{k}", rows + reach)]
        self.node("Slice", [joined, *span, self.integers(f"axis_{k}", 0)], f"next_{k}")
        self.port(f"next_{k}", (reach, width), out=True)
        return joined

    def convolution(self, rows: str, name: str, weight: Any, bias: Any, taps: list[int]) -> str:
        """Multiply the rows at ``taps`` by a convolution's weight, (out, in, taps)."""
        outputs, inputs, count = weight.shape
        if count > 1:
            picked = self.node("Gather", [rows, self.integers(f"{name}_taps", *taps)],
                               f"{name}_picked", axis=0)  # fmt: skip
            shape = self.integers(f"{name}_shape", 1, count * inputs)
            rows = self.node("Reshape", [picked, shape], f"{name}_rows")
        matrix = self.constant(f"{name}_w", weight.transpose(2, 1, 0).reshape(-1, outputs))
        return self.node("Gemm", [rows, matrix, self.constant(f"{name}_b", bias)], name)


def export_onnx(net: PhoneticNet, path: Path, metadata: dict[str, str]) -> None:
    """Write the net to a file, with metadata that says what it is and where it comes from.

    Args:
        net: a trained net.
        path: the file, overwritten if it exists.
        metadata: pairs to store beside the net's own.
    """
    import onnx
    from onnx import helper

    from gioconda.train.phonetic_net import BLOCK_TAPS, DELAYS, ENTRY_TAPS, folded

    def numbers(tensor: Any) -> Any:
        return tensor.detach().float().numpy()

    def fused(conv: Any, norm: Any) -> tuple[Any, Any]:
        scale, shift = folded(norm)
        return numbers(conv.weight * scale[:, None, None]), numbers(conv.bias * scale + shift)

    graph, channels = _Graph(), net.shape.channels
    frames = graph.port("frames", (2, MEL_BANDS))
    x = graph.with_past(frames, 0, 2, MEL_BANDS, ENTRY_TAPS - 2)
    entry = fused(net.entry, net.entry_norm)
    x = graph.convolution(x, "entry", *entry, list(range(ENTRY_TAPS)))
    x = graph.node("Relu", [x], "entry_relu")
    for k, (block, dilation) in enumerate(zip(net.blocks, net.shape.dilations, strict=True), 1):
        taps = [dilation * tap for tap in range(BLOCK_TAPS)]
        inner = graph.with_past(x, k, 1, channels, taps[-1])
        inner = graph.convolution(inner, f"wide_{k}", *fused(block.wide, block.norm), taps)
        inner = graph.node("Relu", [inner], f"relu_{k}")
        point = (numbers(block.point.weight), numbers(block.point.bias))
        x = graph.node("Add", [x, graph.convolution(inner, f"point_{k}", *point, [0])], f"sum_{k}")
    scale, shift = (numbers(part) for part in folded(net.exit_norm))
    x = graph.node("Mul", [x, graph.constant("exit_scale", scale)], "exit_scaled")
    x = graph.node("Add", [x, graph.constant("exit_shift", shift)], "exit_shifted")
    x = graph.node("Relu", [x], "features")
    for name, head, count in (
        ("logits", net.phones, len(PHONES)),
        ("curves", net.curves, len(ARTICULATION)),
    ):
        flat = graph.convolution(x, f"{name}_flat", numbers(head.weight), numbers(head.bias), [0])
        shape = graph.integers(f"{name}_shape", len(DELAYS), count)
        graph.node("Reshape", [flat, shape], name)
    graph.node("Softmax", ["logits"], "posteriors", axis=1)
    graph.port("posteriors", (len(DELAYS), len(PHONES)), out=True)
    graph.port("curves", (len(DELAYS), len(ARTICULATION)), out=True)

    body = helper.make_graph(graph.nodes, "phonetic", graph.inputs, graph.outputs, graph.constants)
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    own = {
        "delays_rows": ",".join(map(str, DELAYS)),
        "phones": " ".join(PHONES),
        "articulation": " ".join(ARTICULATION),
        "licence": "Apache-2.0",
    }
    helper.set_model_props(model, {**metadata, **own})
    onnx.checker.check_model(model)
    onnx.save(model, path)
