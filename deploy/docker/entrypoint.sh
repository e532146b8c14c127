#!/usr/bin/env bash
# What Spark starts in a container on Kubernetes: "driver" with options of spark-submit, or "executor" with what it is told in
# SPARK_* variables. Anything else is run as it is.
set -euo pipefail

named() {
  if ! id -un > /dev/null 2>&1; then
    echo "error: the user with the number $(id -u) has no name, and Hadoop knows users by name: add the number to the image's /etc/passwd, or run as 185" >&2
    exit 2
  fi
}

case ${1:-} in
  driver)
    shift
    named
    command=("$SPARK_HOME/bin/spark-submit" --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS"
      --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" --deploy-mode client "$@") ;;
  executor)
    named
    # spark.executor.extraJavaOptions, a variable each.
    options=()
    for ((i = 0; ; i++)); do
      name=SPARK_JAVA_OPT_$i
      if [[ ! -v $name ]]; then break; fi
      options+=("${!name}")
    done
    java=java
    if [[ -n ${JAVA_HOME:-} ]]; then java=$JAVA_HOME/bin/java; fi
    command=("$java" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY"
      -cp "${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$SPARK_HOME/jars/*"
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend
      --driver-url "$SPARK_DRIVER_URL"
      --executor-id "$SPARK_EXECUTOR_ID"
      --cores "$SPARK_EXECUTOR_CORES"
      --app-id "$SPARK_APPLICATION_ID"
      --hostname "$SPARK_EXECUTOR_POD_IP"
      --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID"
      --podName "$SPARK_EXECUTOR_POD_NAME") ;;
  '')
    echo "Usage: driver [spark-submit options] | executor | COMMAND [arguments]" >&2
    exit 1 ;;
  *)
    command=("$@") ;;
esac
exec tini -s -- "${command[@]}"
