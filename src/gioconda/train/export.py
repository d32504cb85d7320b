"""Write the trained net as a streaming ONNX graph: every convolution's past is an input.

Inputs are ``frames`` (1, 64, 2 rows) and a ``past_k`` for each convolution; outputs are
``posteriors`` (1, delays, 37, rows), ``curves`` (1, delays, 6, rows) and a ``next_k`` for each
``past_k``. Batch norms are folded into what stands before them.
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

    def port(self, name: str, shape: tuple[int | str, ...], *, out: bool = False) -> str:
        from onnx import TensorProto, helper

        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        (self.outputs if out else self.inputs).append(info)
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def with_past(self, value: str, index: int, channels: int, reach: int) -> str:
        """Put the past before a value and hand its end on as the next past."""
        past = self.port(f"past_{index}", (1, channels, reach))
        joined = self.node("Concat", [past, value], f"joined_{index}", axis=2)
        ends = [self.constant(f"{word}_{index}", np.array([at], np.int64)) for word, at in
                (("from", -reach), ("to", np.iinfo(np.int64).max), ("axis", 2))]  # fmt: skip
        self.node("Slice", [joined, *ends], f"next_{index}")
        self.port(f"next_{index}", (1, channels, reach), out=True)
        return joined

    def convolution(
        self, value: str, name: str, weight: Any, bias: Any, *, dilation: int = 1, stride: int = 1
    ) -> str:
        inputs = [value, self.constant(f"{name}_w", weight), self.constant(f"{name}_b", bias)]
        taps = [int(weight.shape[2])]
        return self.node(
            "Conv", inputs, name, dilations=[dilation], strides=[stride], kernel_shape=taps
        )


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
    frames = graph.port("frames", (1, MEL_BANDS, "frames"))
    # The stride of two leaves taps - 2 frames of the past for the next pair of frames.
    x = graph.with_past(frames, 0, MEL_BANDS, ENTRY_TAPS - 2)
    x = graph.convolution(x, "entry", *fused(net.entry, net.entry_norm), stride=2)
    x = graph.node("Relu", [x], "entry_relu")
    for k, (block, dilation) in enumerate(zip(net.blocks, net.shape.dilations, strict=True), 1):
        inner = graph.with_past(x, k, channels, (BLOCK_TAPS - 1) * dilation)
        weight, bias = fused(block.wide, block.norm)
        inner = graph.convolution(inner, f"wide_{k}", weight, bias, dilation=dilation)
        inner = graph.node("Relu", [inner], f"relu_{k}")
        point = (numbers(block.point.weight), numbers(block.point.bias))
        inner = graph.convolution(inner, f"point_{k}", *point)
        x = graph.node("Add", [x, inner], f"sum_{k}")
    scale, shift = (numbers(part)[:, None] for part in folded(net.exit_norm))
    x = graph.node("Mul", [x, graph.constant("exit_scale", scale)], "exit_scaled")
    x = graph.node("Add", [x, graph.constant("exit_shift", shift)], "exit_shifted")
    x = graph.node("Relu", [x], "features")
    for name, head, count in (
        ("logits", net.phones, len(PHONES)),
        ("curves", net.curves, len(ARTICULATION)),
    ):
        y = graph.convolution(x, f"{name}_flat", numbers(head.weight), numbers(head.bias))
        split = graph.constant(f"{name}_shape", np.array([1, len(DELAYS), count, -1], np.int64))
        graph.node("Reshape", [y, split], name)
    graph.node("Softmax", ["logits"], "posteriors", axis=2)
    graph.port("posteriors", (1, len(DELAYS), len(PHONES), "rows"), out=True)
    graph.port("curves", (1, len(DELAYS), len(ARTICULATION), "rows"), out=True)

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
