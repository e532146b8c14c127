#!/usr/bin/env bash
# Usage: jobs/report.sh FOLDER [--out DIR]
# Writes report.html, report.md and report.csv of the teacher, distill or study run in FOLDER; paths may be of any file system
# that Hadoop knows.
set -euo pipefail
# shellcheck source=build
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/build"
run_here report "$@"
