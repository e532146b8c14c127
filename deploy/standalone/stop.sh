#!/usr/bin/env bash
# Usage: deploy/standalone/stop.sh
# Ends the cluster that start.sh started in $STANDALONE_DIR (target/standalone), and nothing else.
set -euo pipefail

root=$(readlink -f "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..")
dir=${STANDALONE_DIR:-$root/target/standalone}

# A process id may have gone to another process since: the file counts only while its process is a Spark daemon.
running() {
  ps -o args= -p "$1" 2> /dev/null | grep -qE 'org\.apache\.spark\.deploy\.(master\.Master|worker\.Worker) '
}

shopt -s nullglob
files=("$dir"/*.pid)
if [[ ${#files[@]} -eq 0 ]]; then
  echo "No cluster in $dir"
  exit 0
fi
for file in "${files[@]}"; do
  pid=$(< "$file")
  if running "$pid"; then kill "$pid"; fi
done
for file in "${files[@]}"; do
  pid=$(< "$file")
  for _ in $(seq 50); do
    if ! running "$pid"; then break; fi
    sleep 0.2
  done
  if running "$pid"; then kill -9 "$pid"; fi
  rm "$file"
done
echo "Stopped the cluster in $dir"
