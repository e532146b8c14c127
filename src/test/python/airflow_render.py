"""
Loads deploy/airflow/sftn_nightly.py without Airflow and prints what it says as JSON: the DAG's settings and for each task its
upstream tasks, retries, time-out and the spark-submit command of a run.

    airflow_render.py AIRFLOW FILE MASTER RUN

AIRFLOW is 2 or 3; RUN is JSON with logical_date, run_after (dates; logical_date may be null in Airflow 3) and params.

Airflow itself is not needed: this file stands in for the part of its interface that the DAG uses, with the names and arguments that
Airflow 2.4 to 3.x and versions 4 and 5 of apache-airflow-providers-apache-spark have in common; any other argument is an error. The
command is put together in the order of that provider's SparkSubmitHook; templates are rendered by Jinja as there, in the sandbox,
with undefined names as errors. It cannot show what a scheduler does: retries, time-outs, pools.
"""

import json
import runpy
import sys
import types
from datetime import datetime

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment


class DAG:
    current = None

    def __init__(
        self,
        dag_id,
        *,
        description=None,
        doc_md=None,
        schedule=None,
        start_date=None,
        catchup=False,
        max_active_runs=16,
        max_active_tasks=16,
        default_args=None,
        params=None,
        tags=None,
    ):
        if start_date.tzinfo is None:
            raise ValueError("start_date has no time zone")
        self.dag_id, self.schedule, self.catchup, self.doc_md = dag_id, schedule, catchup, doc_md
        self.max_active_runs, self.max_active_tasks = max_active_runs, max_active_tasks
        self.default_args, self.params, self.tasks = default_args or {}, params or {}, {}

    def __enter__(self):
        DAG.current = self
        return self

    def __exit__(self, *raised):
        DAG.current = None


class SparkSubmitOperator:
    template_fields = ("application", "conf", "name", "application_args")

    def __init__(
        self,
        *,
        task_id,
        application="",
        conf=None,
        conn_id="spark_default",
        java_class=None,
        name="arrow-spark",
        application_args=None,
        retries=None,
        retry_delay=None,
        execution_timeout=None,
    ):
        dag = DAG.current
        if task_id in dag.tasks:
            raise ValueError(f"task id {task_id} is there already")
        self.task_id, self.application, self.conf, self.conn_id = task_id, application, conf, conn_id
        self.java_class, self.name, self.application_args = java_class, name, application_args
        self.retries = retries if retries is not None else dag.default_args.get("retries", 0)
        self.retry_delay = retry_delay or dag.default_args.get("retry_delay")
        self.execution_timeout = execution_timeout
        self.upstream = []
        dag.tasks[task_id] = self

    def __rshift__(self, other):
        other.upstream.append(self.task_id)
        return other

    def command(self, master, render):
        application, conf, name, arguments = (render(getattr(self, field)) for field in self.template_fields)
        command = ["spark-submit", "--master", master]
        for key, value in conf.items():
            command += ["--conf", f"{key}={value}"]
        return [*command, "--name", name, "--class", self.java_class, application, *arguments]


def install(version):
    """Where each Airflow has the names: 3 has DAG in airflow.sdk, 2 in airflow."""
    package = "airflow.providers.apache.spark.operators.spark_submit"
    modules = {}
    parts = package.split(".")
    for end in range(1, len(parts) + 1):
        modules[".".join(parts[:end])] = types.ModuleType(".".join(parts[:end]))
    modules[package].SparkSubmitOperator = SparkSubmitOperator
    if version == "3":
        modules["airflow.sdk"] = types.ModuleType("airflow.sdk")
        modules["airflow.sdk"].DAG = DAG
    else:
        modules["airflow"].DAG = DAG
    for module in modules.values():
        module.__path__ = []
    sys.modules.update(modules)


def renderer(run, defaults):
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    environment.filters["ds"] = lambda date: date.strftime("%Y-%m-%d")
    dates = {key: run[key] and datetime.fromisoformat(run[key]) for key in ("logical_date", "run_after")}
    context = {"params": {**defaults, **run["params"]}, "dag_run": types.SimpleNamespace(**dates)}
    if dates["logical_date"]:
        context["ds"] = environment.filters["ds"](dates["logical_date"])

    def render(value):
        if isinstance(value, str):
            return environment.from_string(value).render(context)
        if isinstance(value, list):
            return [render(each) for each in value]
        return {key: render(each) for key, each in value.items()}

    return render


def main():
    version, file, master, run = sys.argv[1:]
    install(version)
    dag = runpy.run_path(file)["dag"]
    unknown = set(json.loads(run)["params"]) - set(dag.params)
    if unknown:
        raise ValueError(f"no such params: {unknown}")
    render = renderer(json.loads(run), dag.params)
    tasks = {
        task.task_id: {
            "upstream": task.upstream,
            "connection": task.conn_id,
            "retries": task.retries,
            "retry_minutes": task.retry_delay.total_seconds() / 60,
            "hours": task.execution_timeout.total_seconds() / 3600,
            "command": task.command(master, render),
        }
        for task in dag.tasks.values()
    }
    kept = ("dag_id", "schedule", "catchup", "max_active_runs", "max_active_tasks", "doc_md")
    print(json.dumps({**{key: getattr(dag, key) for key in kept}, "tasks": tasks}))


main()
