#!/bin/sh
# What the tests drive besides Python: a Chromium (needed), Firefox, mkvtoolnix, coturn, espeak-ng and nginx (tests that need
# them skip without).
set -eu

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

has_chromium() {
    [ -n "${CHROMIUM:-}" ] || has chromium || has chromium-browser || has google-chrome || has google-chrome-stable
}

# As root, or where sudo asks for no password; nobody is ever asked for one here.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    has apt-get && { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }
}

missing=""
has_chromium || missing="$missing chromium"
has mkvinfo || missing="$missing mkvtoolnix"
has firefox-esr || has firefox || missing="$missing firefox-esr"
has turnserver || missing="$missing coturn"
{ has nginx || [ -x /usr/sbin/nginx ]; } || missing="$missing nginx"
has espeak-ng || missing="$missing espeak-ng"

if [ -n "$missing" ] && may_install; then
    say "Installing$missing for the tests."
    as_root apt-get update -qq || true
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
            say "$package could not be installed; tests that need it say so."
    done
    # Debian starts a coturn and an nginx for the whole network when they are installed. The tests start their own;
    # nobody asked for those.
    for service in coturn nginx; do
        case "$missing" in *$service*) as_root systemctl disable --now $service >/dev/null 2>&1 || true ;; esac
    done
fi

if ! has_chromium; then
    say "The browser tests need Chromium or Chrome, and neither was found."
    say "Install one (Debian: sudo apt install chromium), or set CHROMIUM to its path, and run make test again."
    exit 1
fi
