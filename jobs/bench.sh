#!/usr/bin/env bash
# Usage: jobs/bench.sh [options]; --help lists them.
# Measures a training step without Spark, in one JVM with the options of a Spark driver; with --against-pytorch in turns with PyTorch.
set -euo pipefail
# shellcheck source=build
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/build"

against=false python=python3
for ((i = 1; i <= $#; i++)); do
  case ${!i} in
    --against-pytorch) against=true ;;
    --python=*) python=${!i#--python=} ;;
    --python) next=$((i + 1)); python=${!next:-} ;;
    --help | -h) against=false; break ;;
  esac
done

if $against; then
  if ! "$python" -c 'import torch' 2> /dev/null; then
    echo "error: '$python' does not run or has no PyTorch; name a Python that has it by --python" >&2
    exit 2
  fi
  exec "$python" "$root/src/main/python/against_pytorch.py" "$@"
fi

run_here bench "$@"
