#!/bin/sh
# Makes .venv-agents: LiveKit Agents, Pipecat and the light client, as in requirements-agents.lock.
# The tests of both adapters run in it, and skip without it. Needs .venv; safe to repeat.
set -eu
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] || { echo "setup-agents: run make setup first" >&2; exit 1; }
if [ .venv-agents/.installed -nt requirements-agents.lock ]; then
    exit 0
fi
[ -x .venv-agents/bin/pip ] || .venv/bin/python -m venv --clear .venv-agents
echo "setup-agents: installing the pinned packages into .venv-agents (once, half a minute, 760 MB)"
.venv-agents/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements-agents.lock -e .
touch .venv-agents/.installed
