#!/bin/sh
# Make the virtual environment, if there is none, and install into it: install.sh FOLDER WHAT
set -eu

venv=$1
what=$2

say() { printf '%s\n' "$*" >&2; }

# macOS has an older python3 first on the path where a newer one was installed beside it.
find_python() {
    for name in ${PYTHON:-python3} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    say "Python 3.11 or newer is needed. Install it (Debian: sudo apt install python3 python3-venv; macOS: brew install python)."
    exit 1
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        say "Python's venv module is missing. Install it: sudo apt install python3-venv"
        exit 1
    fi
    "$python" -m venv --clear "$venv"
fi

say "Installing into $venv; the first time takes a minute or two."
if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable "$what"; then
    say "Something could not be installed; the lines above say what. Is the network there? Run the same command again."
    exit 1
fi
