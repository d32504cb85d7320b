"""A connection to a Ray cluster that is quiet, sends no statistics, and is always closed."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from gioconda.errors import ClusterError, MissingExtraError, OptionError

#: The address that means a Ray of one's own, which ends with the command.
LOCAL: Final = "local"
#: The object store of such a Ray; what does not fit goes to disk.
LOCAL_STORE_BYTES: Final = 200 * 2**20
_ADDRESS: Final = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\]):([0-9]{1,5})")
_ANSWER_S: Final = 5.0

#: Read by Ray as it is imported. Its messages about workers would go to standard output, between
#: the results; no statistics of use are sent.
_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_SERVE_LOG_TO_STDERR": "0",
    # What still runs in threads after the end must not start another Ray.
    "RAY_ENABLE_AUTO_CONNECT": "0",
}


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that this process is connected to.

    Attributes:
        cores: CPUs that Ray counts over all machines.
        machines: how many there are.
        gateway: this machine's address, as the others reach it.
        own: whether it was started for this process alone and ends with it.
    """

    cores: int
    machines: int
    gateway: str
    own: bool


def is_address(text: str) -> bool:
    """Tell whether a text can be a cluster's address: ``local``, ``auto`` or ``host:port``."""
    return text in (LOCAL, "auto") or _ADDRESS.fullmatch(text) is not None


@contextmanager
def connected(address: str, feature: str, *, cores: int | None = None) -> Iterator[Cluster]:
    """Connect to a cluster, or start a Ray of one's own, and leave it in the end.

    Args:
        address: ``host:port`` of the head; ``auto`` for the cluster that this machine belongs
            to; ``local`` for a Ray of one's own on this machine; empty for the cluster named by
            ``RAY_ADDRESS``, else that of this machine, else a Ray of one's own.
        feature: what it is for, in messages.
        cores: that a Ray of one's own may use; this machine's if None.

    Raises:
        OptionError: it is no address.
        MissingExtraError: Ray is not installed.
        ClusterError: no cluster answers, or it runs other versions of Python or Ray.
    """
    if address and not is_address(address):
        raise OptionError(
            f"{address!r} is not a cluster's address: it is host:port of the head, as in "
            "10.0.0.5:6379, or auto, or local"
        )
    _check_answers(address)
    os.environ.update({k: os.environ.get(k, v) for k, v in _QUIET.items()})
    try:
        import ray
    except ImportError:
        raise MissingExtraError(feature, "cluster") from None
    if ray.is_initialized():
        yield _described(address == LOCAL)
        return
    with _signals_kept():
        own = _join(address, cores)
    try:
        yield _described(own)
    finally:
        with _signals_kept():
            ray.shutdown()


def _join(address: str, cores: int | None) -> bool:
    """Connect; return whether the Ray is one's own."""
    if not address and not os.environ.get("RAY_ADDRESS"):
        try:
            _start("auto", {})
        except ClusterError:  # this machine belongs to none
            address = LOCAL
        else:
            return False
    own = address == LOCAL
    sizes = {"num_cpus": cores, "object_store_memory": LOCAL_STORE_BYTES} if own else {}
    _start(address or None, sizes)
    return own


def _start(address: str | None, sizes: dict[str, int | None]) -> None:
    import ray

    try:
        with warnings.catch_warnings(), _errors_unseen():
            warnings.simplefilter("ignore")
            ray.init(
                address, include_dashboard=False if sizes else None, log_to_driver=False,
                logging_level=logging.CRITICAL, **sizes,
            )  # fmt: skip
    except (ConnectionError, RuntimeError, ValueError, OSError) as e:
        reason = " ".join(str(e).split())
        raise ClusterError(f"the cluster {address or 'named by RAY_ADDRESS'!r}: {reason}") from e
    hush()


def hush() -> None:
    """Silence Ray's loggers; ``ray.data`` and ``ray.serve`` set theirs up as they are imported."""
    for name in ("ray", "ray.data", "ray.serve"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _described(own: bool) -> Cluster:
    import ray

    machines = sum(1 for node in ray.nodes() if node["Alive"])
    cores = int(ray.cluster_resources().get("CPU", 0))
    return Cluster(cores, machines, ray.util.get_node_ip_address(), own)


def _check_answers(address: str) -> None:
    """Refuse a head that nobody answers for, which Ray itself would wait for long."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return
    host, port = found[1].strip("[]"), int(found[2])
    try:
        socket.create_connection((host, port), timeout=_ANSWER_S).close()
    except (OSError, OverflowError) as e:
        raise ClusterError(
            f"no cluster answers at {address!r} ({getattr(e, 'strerror', None) or e}); start one "
            "there with: ray start --head"
        ) from e


@contextmanager
def _errors_unseen() -> Iterator[None]:
    """Keep the library under Ray from announcing its level of logging; refusals are raised."""
    sys.stderr.flush()
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Put the handlers of signals back that Ray replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
