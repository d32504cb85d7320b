#!/bin/sh
# Makes .venv with everything pinned in requirements.lock. Called by `make setup`; safe to repeat.
set -eu
cd "$(dirname "$0")/.."

find_python() {
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
        then
            echo "$candidate"
            return
        fi
    done
    echo "setup: no Python 3.11 or 3.12 was found; install one, or name it: make setup PYTHON=/path/to/python3.11" >&2
    exit 1
}

install_venv_module() {
    version=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "setup: installing Debian's $version, which makes virtual environments"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$version" >/dev/null
    else
        echo "setup: this Python cannot make virtual environments; run: sudo apt-get install $version" >&2
        exit 1
    fi
}

python=$(find_python)
"$python" -c 'import ensurepip, venv' 2>/dev/null || install_venv_module "$python"
[ -x .venv/bin/pip ] || "$python" -m venv --clear .venv
echo "setup: installing the pinned packages into .venv (once, a minute or two)"
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock -e .
echo "setup: compiling the kernels (once)"
.venv/bin/gioconda warm-up
touch .venv/.installed
