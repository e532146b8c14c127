#!/usr/bin/env bash
# Usage: jobs/status.sh OUT
# Says how far the run in OUT is, from its files; OUT may be of any file system that Hadoop knows.
set -euo pipefail
# shellcheck source=build
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/build"
run_here status "$@"
