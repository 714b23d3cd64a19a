#!/usr/bin/env bash
# Makes .venv from the hash-locked file, and makes sure that LaTeX (for `make test-slurm`: Slurm) is
# there.
# usage: envs/setup.sh python [NAME of a lock file] | latex | peer | slurm
# PYTHON=/path/to/python3.12 chooses the interpreter
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

LOCK=envs/${2:-requirements}.lock
# Written last, so that an interrupted set-up has none. It names the folder because the
# programs in .venv/bin do: a moved checkout needs a new .venv.
STAMP=.venv/made-from

say() { printf 'set-up: %s\n' "$*" >&2; }
fail() { printf 'set-up: %s\n' "$@" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Prints the command prefix that lets us install Debian packages, or fails.
as_root() {
    if [[ $(id -u) == 0 ]]; then echo env
    elif have sudo && sudo -n true 2>/dev/null; then echo "sudo -n env"
    else return 1; fi
}

# Installs the Debian packages named, or prints the line that does and stops.
install_debian_packages() {
    local root
    have apt-get || fail "install, by the means of your system, what Debian calls: $*"
    root=$(as_root) || fail "run this line, then the same make command again:" \
        "  sudo apt-get update && sudo apt-get install --no-install-recommends $*"
    say "installing Debian packages: $*"
    # shellcheck disable=SC2086 # the prefix is several words
    { $root apt-get -q update && DEBIAN_FRONTEND=noninteractive $root DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends "$@"; } >&2
}

# Prints the interpreter to use. The base interpreter of an activated .venv is what we want: the
# .venv itself is about to be replaced.
choose_python() {
    local candidate
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        # Run, not only looked up: pyenv has a shim for every version that it merely knows of.
        "$candidate" -c 'import sys
sys.exit(1) if not (3, 11) <= sys.version_info[:2] <= (3, 13) else print(sys._base_executable)' \
            2>/dev/null && return
    done
    fail "${PYTHON:-python3} is not Python 3.11, 3.12 or 3.13 (TensorFlow 2.21 has no other)." \
        "  Install one of them, or name it: make PYTHON=/path/to/python3.12 ..."
}

make_with_uv() {
    uv venv --quiet --python "$1" .venv && uv pip sync --compile-bytecode --python .venv --require-hashes "$LOCK"
}

# Makes an environment $2 of the interpreter $1, with pip in it.
make_venv() {
    # Debian leaves ensurepip out of python3; its package is named after the version.
    "$1" -c 'import ensurepip' 2>/dev/null || install_debian_packages \
        "$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    "$1" -m venv --clear "$2"
}

make_with_pip() {
    make_venv "$1" .venv
    .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r "$LOCK"
}

[[ -f $LOCK ]] || fail "there is no $LOCK; envs/ has: $(cd envs && echo *.lock)"

stamp() { pwd; cat "$LOCK"; }

# Where Python is told to write no bytecode, as in many containers, every job would compile the
# package anew.
compile_package() {
    .venv/bin/python -m compileall -q src >&2 || say "src is not compiled: jobs start slower"
}

set_up_python() {
    local python
    if have flock; then exec 9<"$LOCK"; flock 9; fi # a second make in this checkout waits
    if stamp | cmp -s - "$STAMP" && .venv/bin/python -c ''; then return; fi
    python=$(choose_python)
    say "making .venv with $python from $LOCK (a few minutes where nothing is cached)"
    rm -rf .venv
    if have uv && make_with_uv "$python"; then :; else
        if have uv; then say "uv failed (see above); trying venv and pip"; fi
        make_with_pip "$python"
    fi
    stamp >"$STAMP"
}

# Prints what is missing of the programs, and of the packages that the report's sources ask for.
missing_of_latex() {
    local name
    for name in latexmk pdflatex kpsewhich; do have "$name" || echo "$name"; done
    have kpsewhich || return 0
    { find report -name '*.tex*' -exec sed -E 's/(^|[^\\])%.*//' {} + |
        grep -oE '\\usepackage(\[[^]]*\])?\{[^}]*\}' || true; } |
        sed -E 's/.*\{(.*)\}/\1/' | tr -s ', ' '\n' | sort -u |
        while read -r name; do
            kpsewhich "$name.sty" >/dev/null || echo "$name.sty"
        done
}

set_up_latex() {
    local missing
    missing=$(missing_of_latex | tr '\n' ' ')
    [[ -n $missing ]] || return 0
    say "missing of LaTeX: $missing"
    [[ $(uname) != Darwin ]] || fail "run this line (untested by us), then make again:" \
        "  brew install --cask mactex-no-gui"
    install_debian_packages latexmk texlive-latex-recommended texlive-fonts-recommended lmodern
    missing=$(missing_of_latex | tr '\n' ' ')
    [[ -z $missing ]] || fail "Debian's packages for LaTeX do not hold what report/ asks for: $missing"
}

# PyTorch, which the benchmarks compare with: no part of the study, so its hashes are not locked.
set_up_peer() {
    if .venv-peer/bin/python -c 'import torch' 2>/dev/null; then return; fi
    say "making .venv-peer from envs/peer.txt"
    make_venv "$(choose_python)" .venv-peer
    .venv-peer/bin/python -m pip install --quiet --disable-pip-version-check -r envs/peer.txt
}

# For the throw-away cluster of `make test-slurm`, with accounting.
set_up_slurm() {
    local name missing=
    for name in munged slurmctld slurmd slurmdbd mariadbd; do
        PATH=$PATH:/usr/sbin have "$name" || missing+=" $name"
    done
    [[ -n $missing ]] || return 0
    say "missing of Slurm:$missing"
    install_debian_packages munge slurm-wlm slurmdbd slurm-wlm-mysql-plugin mariadb-server
}

case "${1:-}" in
    python) set_up_python; compile_package ;;
    latex) set_up_latex ;;
    peer) set_up_peer ;;
    slurm) set_up_slurm ;;
    *) fail "usage: envs/setup.sh python [NAME] | latex | peer | slurm" ;;
esac
