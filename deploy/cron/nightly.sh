#!/usr/bin/env bash
# Usage: deploy/cron/nightly.sh [--date YYYY-MM-DD] SETTINGS
# Runs prepare, teacher, and for each method distill and evaluate, and predict where there is something to label, for a date, in
# ROOT/DATE; nightly.conf beside this file lists the settings.
# Without --date it first goes on with the last date that was left unfinished, then runs today's. What is finished is left as it is.
#
# Prints one line a date when all is done, to stdout; what failed and the end of its log, to stderr.
#
# Exit codes: 0 done; 75 another run is at work, nothing was started; else that of the first job that failed:
#   1 wrong usage, 2 a mistake in settings, data or paths, 3 a failure of the program or the cluster, 143 stopped by a signal;
#   of those that are not the jobs' own, 137 killed, and 52 Spark ended the job for want of memory.
set -euo pipefail

USAGE=1 MISTAKE=2 BUSY=75 STOPPED=143
TAIL=20

root=$(readlink -f "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..")

usage() {
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

fail() { # exit code, message
  echo "nightly: $2" >&2
  exit "$1"
}

dates=()
if [[ ${1:-} == --help ]]; then usage; exit 0; fi
if [[ ${1:-} == --date && $# -ge 2 ]]; then
  if [[ ! $2 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || ! date -d "$2" > /dev/null 2>&1; then
    fail $USAGE "--date is '$2', it must be a date like 2026-01-31"
  fi
  dates=("$2")
  shift 2
fi
if [[ $# -ne 1 || $1 == -* ]]; then usage >&2; exit $USAGE; fi
if [[ ! -r $1 ]]; then fail $MISTAKE "the settings $1 cannot be read"; fi
settings=$(readlink -f "$1")

ROOT='' DATA='' METHODS=(kd) KEEP_LOGS=30
PREPARE=() TEACHER=() DISTILL=() EVALUATE=() PREDICT=() PREDICT_INPUT='' SPARK=()
# shellcheck source=nightly.conf
if ! source "$settings"; then fail $MISTAKE "the settings $settings cannot be used: see the message above"; fi
if [[ $ROOT != /* ]]; then fail $MISTAKE "ROOT is '$ROOT' in $settings, it must be a folder with its full path"; fi
if [[ ${#METHODS[@]} -eq 0 ]]; then fail $MISTAKE "METHODS is empty in $settings"; fi
if [[ ! $KEEP_LOGS =~ ^[1-9][0-9]*$ ]]; then fail $MISTAKE "KEEP_LOGS is '$KEEP_LOGS' in $settings, it must be a number from 1"; fi
logs=$ROOT/logs
if ! mkdir -p "$logs"; then fail $MISTAKE "the folder $logs cannot be made"; fi
# Paths of the settings are taken from the project's folder.
cd "$root"

# The jobs inherit the lock: it is held as long as any of them is alive, also when this script was killed.
exec 9>> "$ROOT/nightly.lock"
if ! flock -n 9; then
  fail $BUSY "nothing was started: another run is at work ($(< "$ROOT/nightly.lock")); it holds $ROOT/nightly.lock"
fi

today=$(date +%F)
# A file for each date that is not done: what a reboot cut off is found by it.
unfinished=$ROOT/unfinished
mkdir -p "$unfinished"
if [[ ${#dates[@]} -eq 0 ]]; then
  last=$(find "$unfinished" -type f -name '????-??-??' ! -name "$today" -printf '%f\n' | sort | tail -n 1)
  if [[ -n $last ]]; then dates+=("$last"); fi
  dates+=("$today")
fi

job=''
stopped=false
# shellcheck disable=SC2317 # The trap calls it.
stop() {
  stopped=true
  if [[ -n $job ]]; then kill "$job" 2> /dev/null || true; fi
}
trap stop TERM INT HUP

meaning() { # exit code
  case $1 in
    1) echo "wrong usage" ;;
    2) echo "a mistake in settings, data or paths" ;;
    3) echo "a failure of the program or the cluster" ;;
    52) echo "ended by Spark for want of memory" ;;
    137) echo "killed, perhaps for want of memory" ;;
    129 | 130 | 143) echo "stopped by a signal" ;;
    *) echo "not an exit code of the jobs" ;;
  esac
}

tell() { # date, what failed, exit code
  failed=${failed:-$3}
  echo "nightly $1: $2 failed, exit code $3: $(meaning "$3")"
}

# run DATE WHAT JOB [options]: runs the job and tells of its failure.
run() {
  local date=$1 what=$2 name=$3 before code=0
  shift 3
  if $stopped; then
    tell "$date" "$what" $STOPPED >&2
    return $STOPPED
  fi
  local command=("jobs/$name.sh" "$@" --resume)
  if [[ ${#SPARK[@]} -gt 0 ]]; then command+=(-- "${SPARK[@]}"); fi
  {
    echo "== $(date '+%F %T') $what"
    echo "${command[*]@Q}"
  } >> "$log"
  before=$(wc -l < "$log")
  # In the background, since bash handles no signal while it waits for a command in the foreground.
  "${command[@]}" >> "$log" 2>&1 < /dev/null &
  job=$!
  echo "process $$ on $HOSTNAME: $what of $date, process $job, since $(date '+%F %T')" > "$ROOT/nightly.lock"
  wait "$job" || code=$?
  # A signal ends wait before the job has ended.
  while kill -0 "$job" 2> /dev/null; do
    code=0
    wait "$job" || code=$?
  done
  job=''
  if $stopped; then code=$STOPPED; fi
  if [[ $code -ne 0 ]]; then
    {
      tell "$date" "$what" "$code"
      echo "command: ${command[*]@Q}"
      echo "log: $log, which ends with:"
      tail -n "+$((before + 1))" "$log" | tail -n $TAIL | sed 's/^/  /'
      echo "to go on: $root/deploy/cron/nightly.sh --date $date $settings"
    } >&2
  fi
  echo "== $(date '+%F %T') $what: exit code $code" >> "$log"
  return "$code"
}

# The new log of an old date is among the newest, too.
rotate() {
  find "$logs" -maxdepth 1 -type f -name 'nightly-????-??-??.log' -printf '%T@ %p\n' \
    | sort -rn | tail -n "+$((KEEP_LOGS + 1))" | cut -d ' ' -f 2- | xargs -r -d '\n' rm -f --
}

night() { # date
  local date=$1 runs=$ROOT/$1 data method start=$SECONDS results=''
  data=${DATA:-$runs/data}
  log=$logs/nightly-$date.log
  failed=''
  touch "$log" "$unfinished/$date"
  rotate
  if run "$date" prepare prepare "${PREPARE[@]}" --out "$data" \
    && run "$date" teacher teacher "${TEACHER[@]}" --set "data.path=$data" --out "$runs/teacher"; then
    for method in "${METHODS[@]}"; do
      if run "$date" "distill by $method" distill "${DISTILL[@]}" --set "data.path=$data" --set "distill.method=$method" \
        --set "distill.teacher=$runs/teacher/model" --out "$runs/student-$method" \
        && run "$date" "evaluate $method" evaluate "${EVALUATE[@]}" --set "data.path=$data" \
          --set "evaluate.model=$runs/student-$method/model" --out "$runs/evaluation-$method"; then
        if [[ -n $PREDICT_INPUT ]] && ! run "$date" "predict by $method" predict "${PREDICT[@]}" \
          --set "predict.model=$runs/student-$method/model" --set "predict.input=${PREDICT_INPUT//DATE/$date}" \
          --out "$runs/labels-$method"; then
          continue
        fi
        results+=", $method $(sed -n 's/.*evaluate done: \(top-1 [0-9.]* %\).*/\1/p' "$log" | tail -n 1)"
      fi
      if $stopped; then break; fi
    done
  fi
  # After a mistake another start is useless until a person has mended it.
  if [[ -z $failed || $failed == "$USAGE" || $failed == "$MISTAKE" ]]; then rm -f "$unfinished/$date"; fi
  if [[ -z $failed ]]; then
    echo "nightly $date: done in $((SECONDS - start)) s$results; log $log"
  fi
}

first=0
for date in "${dates[@]}"; do
  if $stopped; then break; fi
  night "$date"
  if [[ $first -eq 0 && -n $failed ]]; then first=$failed; fi
done
exit "$first"
