#!/usr/bin/env bash
# Compares `brainwav health` with the tools that people use today: pgrep, ps and the shell loop of both; and
# with the portable back end. And `brainwav reap`, as a dry run, with `health` and with the shell loop.
# All run in turn, in one run, so that the ratios hold on a busy machine too.
#
#   benches/compare.sh                    2,000 processes, 25 rounds
#   benches/compare.sh -n 500 -r 5        a quick look
#   benches/compare.sh --scale            also 200 and 10,000 processes
#   benches/compare.sh --caches           only `prune-cache`, with du, diskus, dust, pdu, dua and rm (minutes, 1.5 GB)
#   benches/compare.sh --telemetry        only `telemetry`, with curl, node, the Python SDK and rotel, where they are
#   benches/compare.sh --check            exit 1 if a target is missed
#
# BRAINWAV_BIN and BRAINWAV_PORTABLE_BIN name binaries that are there already; nothing is built for those.
# It needs cargo (to build and to count packages), python3, pgrep and ps; strace counts the system calls where
# it is present. It needs no root and no network, and ends the processes that it made, and only those.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}

build() {
    (cd "$root" && cargo build --release --locked "$@" >&2)
}

# The packages of the shipped binary, each once, however often it is used; 0 without cargo.
count_packages() {
    local manifest=$root/Cargo.toml
    { cargo tree --manifest-path "$manifest" --locked --edges normal --prefix none 2>/dev/null || true; } |
        cut -d' ' -f1,2 | sort -u | wc -l
}

case " $* " in *" --help "* | *" -h "*) exec python3 -B "$here/measure.py" --help ;; esac

if [[ -z ${BRAINWAV_BIN:-} ]]; then
    build --target-dir "$target"
fi
if [[ -z ${BRAINWAV_PORTABLE_BIN:-} ]]; then
    build --features portable --target-dir "$target/portable"
fi

exec python3 -B "$here/measure.py" \
    --binary "${BRAINWAV_BIN:-$target/release/brainwav}" \
    --portable "${BRAINWAV_PORTABLE_BIN:-$target/portable/release/brainwav}" \
    --packages "$(count_packages)" \
    "$@"
