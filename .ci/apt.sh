# Sourced: installing packages of the distribution, as root or through sudo, asking nothing.

have_apt() { command -v apt-get >/dev/null; }

# As root, run the words given; else through sudo, which may ask a person but never a pipe.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        if [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
    else
        echo "This needs root: $*" >&2
        return 1
    fi
}

_apt_lists_are_fresh=

apt_update() {
    [ -z "$_apt_lists_are_fresh" ] || return 0
    # An unreachable list need not matter to what is asked for: the installation will tell.
    as_root apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null >&2 || true
    _apt_lists_are_fresh=yes
}

apt_install() { # PACKAGE…
    echo "Installing $* from the distribution" >&2
    apt_update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install "$@" </dev/null >&2
}
