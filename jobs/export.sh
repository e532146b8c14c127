#!/usr/bin/env bash
# Usage: jobs/export.sh --model FOLDER --out FILE [options]; --help lists them.
# Writes a saved model as an ONNX file; folder and file may be of any file system that Hadoop knows.
set -euo pipefail
# shellcheck source=build
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/build"
run_here export "$@"
