"""Outputs of sessions beyond the browser, to addresses that the operator allowed."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from gioconda.live.host import commands as c
from gioconda.live.messages import SessionRestarted
from gioconda.live.server.problems import Problem
from gioconda.live.server.state import HeldOutput

if TYPE_CHECKING:
    from gioconda.live.server.state import HeldSession, Sessions

#: Outputs of one session at once.
MOST: Final = 4


class Outputs:
    """Starts and stops outputs, and remembers how they do; one of ``Sessions.watchers``.

    Args:
        sessions: which an output keeps open.
        allowed: beginnings of the addresses that clients may name.
    """

    def __init__(self, sessions: Sessions, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        self._sessions = sessions

    async def start(self, held: HeldSession, url: str) -> HeldOutput:
        """Send a session to an address too.

        Raises:
            Problem: it is not allowed, or there are too many.
            OptionError: it is no address, or not among those that are allowed.
        """
        if not self.allowed:
            raise Problem(
                403, "not_allowed",
                "this server sends sessions nowhere else; it was started without --allow-output",
            )  # fmt: skip
        from gioconda.live.outputs import check_output

        address = check_output(url, allowed=self.allowed)
        if address.kind != "network":
            raise Problem(422, "bad_option", "an output needs an address, as in rtmp://host/app")
        if sum(not o.over for o in held.outputs.values()) >= MOST:
            raise Problem(409, "busy", f"a session has up to {MOST} outputs; stop one first")
        for old in [o for o in held.outputs.values() if o.over]:
            del held.outputs[old.id]
        output = HeldOutput(secrets.token_hex(8), address.shown)
        held.outputs[output.id] = output
        self._sessions.enter(held)
        await held.face.send(c.StartOutput(output.id, url))
        return output

    async def stop(self, held: HeldSession, key: str) -> None:
        """End an output.

        Raises:
            Problem: there is none of that id.
        """
        output = held.outputs.get(key)
        if output is None:
            raise Problem(404, "no_output", "there is no such output of this session")
        if output.over:
            del held.outputs[key]
        else:
            await held.face.send(c.StopOutput(key))

    def told(self, held: HeldSession, report: Any) -> None:
        """Take what a worker reports of an output."""
        if isinstance(report, SessionRestarted):
            self._restarted(held)
        if not isinstance(report, c.OutputChanged):
            return
        output = held.outputs.get(report.name)
        if output is None or output.over:
            return
        output.state, output.message = report.state, report.message
        if output.over:
            self._sessions.leave(held)

    def _restarted(self, held: HeldSession) -> None:
        """Close what ended with a lost process; the others begin anew in its successor."""
        for output in held.outputs.values():
            if output.over:
                continue
            if output.id in held.face.outputs:
                output.state, output.message = "connecting", ""
                continue
            output.state = "closed"
            self._sessions.leave(held)

    def ended(self, held: HeldSession) -> None:
        """Take the end of a session."""
        held.outputs.clear()
