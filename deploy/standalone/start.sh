#!/usr/bin/env bash
# Usage: deploy/standalone/start.sh WORKERS [CORES_PER_WORKER [MEMORY_PER_WORKER]]
# Starts a Spark standalone cluster on this machine's loopback and prints the URL of its master.
#
#   CORES_PER_WORKER      1
#   MEMORY_PER_WORKER     4g; an executor takes spark.executor.memory of it
#   SPARK_HOME            target/spark
#   STANDALONE_DIR        target/standalone: process ids, logs, work of the executors; one cluster a directory
#   SPARK_MASTER_PORT     7077
#   SPARK_MASTER_WEBUI_PORT  8080
set -euo pipefail

if [[ $# -lt 1 || $# -gt 3 || ! $1 =~ ^[1-9][0-9]*$ || ! ${2:-1} =~ ^[1-9][0-9]*$ || ! ${3:-4g} =~ ^[1-9][0-9]*[mgMG]$ ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 1
fi
workers=$1 cores=${2:-1} memory=${3:-4g}

# shellcheck source=../../jobs/build
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../jobs/build"
dir=${STANDALONE_DIR:-$root/target/standalone}
port=${SPARK_MASTER_PORT:-7077} ui=${SPARK_MASTER_WEBUI_PORT:-8080}

mkdir -p "$dir"
dir=$(cd -P "$dir" && pwd)
# One file a process; it stands until stop.sh has ended that process.
if compgen -G "$dir/*.pid" > /dev/null; then
  echo "A cluster is started already in $dir: deploy/standalone/stop.sh ends it" >&2
  exit 2
fi
for taken in "$port" "$ui"; do
  if (exec 3<> "/dev/tcp/127.0.0.1/$taken") 2> /dev/null; then
    echo "Port $taken is taken: choose others with SPARK_MASTER_PORT and SPARK_MASTER_WEBUI_PORT" >&2
    exit 2
  fi
done
rm -f "$dir"/*.log

export SPARK_LOCAL_IP=127.0.0.1 SPARK_DAEMON_MEMORY=512m
# A taken port is an error: the master must be where its URL says.
export SPARK_DAEMON_JAVA_OPTS=-Dspark.port.maxRetries=0

start() { # name, class, arguments
  local name=$1
  shift
  nohup setsid "$spark/bin/spark-class" "$@" > "$dir/$name.log" 2>&1 < /dev/null &
  echo $! > "$dir/$name.pid"
}

fail() { # message, log
  echo "$1" >&2
  tail -n 20 "$2" >&2
  "$root/deploy/standalone/stop.sh" > /dev/null || true
  exit 3
}

# Over bash's own sockets: a small machine may lack curl.
registered() {
  { exec 3<> "/dev/tcp/127.0.0.1/$ui"; } 2> /dev/null || { echo -1; return; }
  printf 'GET /json/ HTTP/1.0\r\n\r\n' >&3
  grep -c '"state" : "ALIVE"' <&3 || true
  exec 3>&-
}

await() { # number of workers, name of the last process started
  for _ in $(seq 1500); do
    if [[ $(registered) -ge $1 ]]; then return; fi
    for file in "$dir"/*.pid; do
      if ! kill -0 "$(< "$file")" 2> /dev/null; then
        fail "$(basename "$file" .pid) ended while starting:" "${file%.pid}.log"
      fi
    done
    sleep 0.2
  done
  fail "$2 did not answer within five minutes:" "$dir/$2.log"
}

start master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port "$ui"
await 0 master
for ((i = 1; i <= workers; i++)); do
  start "worker$i" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 \
    --cores "$cores" --memory "$memory" --work-dir "$dir/work$i" "spark://127.0.0.1:$port"
done
await "$workers" "worker$workers"
echo "spark://127.0.0.1:$port"
