"""The compiled parts: a live hop must not stop to compile what a whole sound did not need."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np

import gioconda.performance
import gioconda.speech
from gioconda.controls import Controls
from gioconda.performance import RulePerformer, perform


def kernels() -> dict[str, int]:
    """Return how many argument types each compiled function has been compiled for."""
    counts = {}
    for package in (gioconda.performance, gioconda.speech):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            if module.name.endswith("_kernels"):
                found = vars(importlib.import_module(module.name))
                for name, function in found.items():
                    if hasattr(function, "signatures"):
                        counts[f"{module.name}.{name}"] = len(function.signatures)
    return counts


def test_hops_of_a_row_run_the_code_that_whole_sounds_run(script) -> None:
    features = script([("sil", 20), *[(p, 5) for p in "pafamula"] * 2, ("sil", 20)])
    controls = Controls(emotion="happy")
    whole = perform(features, controls, partner=features)
    compiled = kernels()
    assert sum(compiled.values()) > 10
    performer = RulePerformer()
    state = performer.start(controls)
    hops = [performer.step(state, row, row) for row in features.rows()]
    hops.append(performer.finish(state))
    assert kernels() == compiled
    assert np.array_equal(np.concatenate([motion.values for motion in hops]), whole.values)
