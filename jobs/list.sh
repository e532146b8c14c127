#!/usr/bin/env bash
# Usage: jobs/list.sh
# Lists the distillation methods, each with its paper, and the networks.
set -euo pipefail
# shellcheck source=build
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/build"
run_here list "$@"
