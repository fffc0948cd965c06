#!/usr/bin/env bash
# Pin every dependency with hashes, for Python 3.11 to 3.13 on every platform (make lock).
set -euo pipefail
cd "$(dirname "$0")/.."

pin() {  # pin IN OUT [CONSTRAINTS ...]
  local in=$1 out=$2
  shift 2
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url "${@/#/--constraints=}" "$in" -o "$out"
}

runtime=layers/dependencies/requirements
pin "$runtime.in" "$runtime.txt"
pin layers/core/blocklists.in layers/core/blocklists.txt
pin requirements/dev.in requirements/dev.txt "$runtime.txt" layers/core/blocklists.txt
pin requirements/test.in requirements/test.txt requirements/dev.txt
pin requirements/sam.in requirements/sam.txt
pin requirements/emulator.in requirements/emulator.txt
pin requirements/ministack.in requirements/ministack.txt
pin requirements/bench.in requirements/bench.txt "$runtime.txt"
pin requirements/gateways.in requirements/gateways.txt
pin requirements/generators.in requirements/generators.txt
pin requirements/peers.in requirements/peers.txt
