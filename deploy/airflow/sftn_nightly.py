"""
### SFTN on Spark, every night

prepare, teacher, one distill a method, one evaluate a student, and one predict a student where there are images to label. Everything
of a date is below `SFTN_ROOT/DATE`.

A task that is retried or cleared continues its own run: `--resume` goes on from the last checkpoint and leaves a finished run as
it is. A run whose settings were changed meanwhile is refused with exit code 2, and nothing is overwritten.

The log of a failed task ends with the job's own line and spark-submit's exit code: 2 is a mistake in settings, data or paths that
no retry mends, 3 a failure of the program or the cluster.
"""

# For Airflow 2.4 or newer and 3.x with apache-airflow-providers-apache-spark. README.md beside this file says how to set it up.

import os
from datetime import datetime, timedelta, timezone

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

# What belongs to the installation comes from the environment of scheduler and workers, since it shapes the graph.
HOME = os.environ.get("SFTN_HOME", "/opt/sftn")
ROOT = os.environ.get("SFTN_ROOT", "/data/sftn")
INPUT = os.environ.get("SFTN_INPUT", "")
PREDICT_INPUT = os.environ.get("SFTN_PREDICT_INPUT", "")
METHODS = os.environ.get("SFTN_METHODS", "kd").replace(",", " ").split()

# An Airflow 3 run that was triggered without a logical date has no {{ ds }}.
DATE = "{{ (dag_run.logical_date or dag_run.run_after) | ds }}"
RUNS = f"{ROOT}/{DATE}"
DATA = os.environ.get("SFTN_DATA", f"{RUNS}/data")

CLUSTER = {
    "spark.executor.instances": "{{ params.executors }}",
    "spark.executor.cores": "{{ params.executor_cores }}",
    # On a standalone cluster a job would take all cores, and the next one wait for them.
    "spark.cores.max": "{{ params.executors * params.executor_cores }}",
}
# A replica is one task with all cores of its executor.
REPLICAS = {**CLUSTER, "spark.task.cpus": "{{ params.executor_cores }}"}

with DAG(
    dag_id="sftn_nightly",
    description="Student-friendly teacher, students by distillation, their evaluation",
    doc_md=__doc__,
    schedule=os.environ.get("SFTN_SCHEDULE", "0 1 * * *"),
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    # Two runs at once would share the cluster, and one folder if they are of one date.
    max_active_runs=1,
    max_active_tasks=int(os.environ.get("SFTN_PARALLEL", "2")),
    # A retry costs no work that a checkpoint holds.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    # What may be changed when a run is triggered by hand. The defaults try the installation on generated images.
    params={
        "prepare_config": f"{HOME}/conf/quickstart.conf",
        "teacher_config": f"{HOME}/conf/quickstart.conf",
        "distill_config": f"{HOME}/conf/quickstart.conf",
        "evaluate_config": f"{HOME}/conf/quickstart.conf",
        "predict_config": f"{HOME}/conf/quickstart.conf",
        "executors": 1,
        "executor_cores": 2,
    },
    tags=["sftn"],
) as dag:

    def job(task_id, out, settings, conf=REPLICAS, hours=12):
        """The job is the first part of the task's id. A task that takes longer than its hours is stopped, and its retry resumes."""
        name = task_id.split("_")[0]
        arguments = [name, "--config", f"{{{{ params.{name}_config }}}}"]
        for setting in settings:
            arguments += ["--set", setting]
        return SparkSubmitOperator(
            task_id=task_id,
            conn_id=os.environ.get("SFTN_CONNECTION", "spark_default"),
            name=f"sftn {task_id} {DATE}",
            application=f"{HOME}/target/sftn-on-spark.jar",
            java_class="org.sftn.job.Main",
            application_args=[*arguments, "--out", out, "--resume"],
            conf=conf,
            execution_timeout=timedelta(hours=hours),
        )

    data = f"data.path={DATA}"
    executors = "training.executors={{ params.executors }}"

    prepare = job("prepare", DATA, [f"prepare.input={INPUT}"], conf=CLUSTER, hours=4)
    teacher = job("teacher", f"{RUNS}/teacher", [data, executors])
    prepare >> teacher
    for method in METHODS:
        student = f"{RUNS}/student-{method}"
        distill = job(
            f"distill_{method}",
            student,
            [data, executors, f"distill.method={method}", f"distill.teacher={RUNS}/teacher/model"],
        )
        evaluate = job(
            f"evaluate_{method}",
            f"{RUNS}/evaluation-{method}",
            [data, f"evaluate.model={student}/model"],
            hours=1,
        )
        teacher >> distill >> evaluate
        if PREDICT_INPUT:
            predict = job(
                f"predict_{method}",
                f"{RUNS}/labels-{method}",
                [f"predict.model={student}/model", f"predict.input={PREDICT_INPUT}"],
                # A task a core: nothing is summed between them.
                conf=CLUSTER,
                hours=4,
            )
            evaluate >> predict
