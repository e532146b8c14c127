#!/usr/bin/env bash
# Usage: jobs/import.sh --weights FILE --network NAME --data DIR --out DIR [options]; --help lists them.
# Makes a model folder of a safetensors file of PyTorch's weights: torchvision's, RepDistiller's, or with the names of ours.
set -euo pipefail
# shellcheck source=build
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/build"
run_here import "$@"
