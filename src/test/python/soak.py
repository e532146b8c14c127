#!/usr/bin/env python3
"""Trains for hours on a standalone cluster of this machine while its processes die, and holds the run to an undisturbed one.

    soak.py --minutes 120 --dir FOLDER [--seed 1]

Two teacher jobs with the same settings and two executors of one core each train side by side. Of one of them, every one to four
minutes, an executor is killed (kill -9), an executor is stopped so that it hangs (kill -STOP), or the driver is killed and the job
submitted again with --resume. The other is left alone. When the time is over both are stopped, and compared up to the last epoch
of the disturbed one: every row of metrics.csv but its times, and weights, momentum and statistics of the last common checkpoint,
byte for byte. FOLDER gets what happened (events.csv) and the resident memory of all processes (memory.csv).

Exit code 0 when all is equal. Needs a built project; ports 17077 and 18080 must be free.
"""
import argparse
import csv
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
TIMES = 4  # the last columns of metrics.csv
SAMPLE = 20


class Job:
    """A teacher job: its driver is one process at a time."""

    def __init__(self, name, folder, master, data, keep):
        self.name = name
        self.out = folder / name
        self.log = folder / f"{name}.log"
        self.command = [
            ROOT / "jobs/teacher.sh", "--set", f"data.path={data}", "--set", "teacher.network=resnet8",
            "--set", "teacher.student=resnet8", "--set", "training.executors=2", "--set", "training.epochs=1000000",
            "--set", "training.checkpoint-iterations=25", "--set", f"training.keep-checkpoints={keep}",
            "--out", self.out, "--resume", "--", "--master", master, "--driver-memory", "1g",
            "--conf", "spark.cores.max=2", "--conf", "spark.executor.memory=1g"]
        self.process = None

    def start(self):
        self.mark = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            # A session of its own: a signal to this script is not one to the job.
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)

    def said(self):
        with open(self.log, "rb") as log:
            log.seek(self.mark)
            return log.read().decode(errors="replace")

    def application(self):
        found = re.search(r"executors 2, (app-\d+-\d+)", self.said())
        return found.group(1) if found else None

    def executors(self):
        application = self.application()
        if application is None:
            return []
        found = subprocess.run(["pgrep", "-f", f"CoarseGrainedExecutorBackend.*--app-id {application}"],
                               capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    def rows(self):
        try:
            with open(self.out / "metrics.csv") as file:
                return [row[:-TIMES] for row in csv.reader(file)][1:]
        except FileNotFoundError:
            return []

    def checkpoint(self, iterations):
        """The digests of the ranks' files of a checkpoint, None when it is not there."""
        marker = self.out / "checkpoints" / f"{iterations:012d}.json"
        if not marker.exists():
            return None
        return [file["sha256"] for file in json.loads(marker.read_text())["files"]]

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def resident(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return None
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found.group(1)) // 1024 if found else None


def disturb(job, chance):
    """Does one thing to the job, and says what; None when there is nothing to do it to."""
    what = chance.choices(["kill executor", "stop executor", "kill driver"], [6, 2, 2])[0]
    if what == "kill driver":
        os.kill(job.process.pid, signal.SIGKILL)
        job.process.wait()
        job.start()
        return what
    executors = job.executors()
    if not executors or not job.rows():
        return None
    os.kill(chance.choice(executors), signal.SIGKILL if what == "kill executor" else signal.SIGSTOP)
    return what


def soak(disturbed, alone, folder, minutes, chance):
    start = time.time()
    due = start + chance.uniform(60, 240)
    happened = 0
    with open(folder / "events.csv", "w") as events, open(folder / "memory.csv", "w") as memory:
        events.write("seconds,what,epochs\n")
        memory.write("seconds,run,process,pid,resident_mib\n")
        while time.time() < start + 60 * minutes:
            time.sleep(SAMPLE)
            now = time.time() - start
            for job in (disturbed, alone):
                if job.process.poll() is not None:
                    sys.exit(f"{job.name} has ended with {job.process.returncode}: see {job.log}")
                for kind, pids in (("driver", [job.process.pid]), ("executor", job.executors())):
                    for pid in pids:
                        size = resident(pid)
                        if size is not None:
                            memory.write(f"{now:.0f},{job.name},{kind},{pid},{size}\n")
            memory.flush()
            # So that the last epochs can be compared.
            if time.time() >= due and now < 60 * minutes - 120:
                what = disturb(disturbed, chance)
                if what:
                    happened += 1
                    events.write(f"{now:.0f},{what},{len(disturbed.rows())}\n")
                    events.flush()
                due = time.time() + chance.uniform(60, 240)
        disturbed.end()
        while len(alone.rows()) <= len(disturbed.rows()):
            time.sleep(1)
    return happened


def compare(disturbed, alone):
    ours, theirs = disturbed.rows(), alone.rows()
    for epoch, row in enumerate(ours):
        if row != theirs[epoch]:
            return f"epoch {epoch + 1} differs: {row} and {theirs[epoch]}"
    for row in reversed(ours):
        digests = disturbed.checkpoint(int(row[1]))
        if digests is not None:
            if digests != alone.checkpoint(int(row[1])):
                return f"the checkpoint after iteration {row[1]} differs"
            print(f"equal: {len(ours)} epochs, and the checkpoint after iteration {row[1]}: {digests}")
            return None
    return "there is no checkpoint of a whole epoch"


def growth(folder):
    """The memory of each process that lived for long, in the second and in the last quarter of its life."""
    seen = {}
    with open(folder / "memory.csv") as file:
        for row in csv.DictReader(file):
            seen.setdefault((row["run"], row["process"], row["pid"]), []).append(int(row["resident_mib"]))
    for (run, kind, pid), sizes in seen.items():
        quarter = len(sizes) // 4
        if quarter >= 300 // SAMPLE:
            early, late = sizes[quarter:2 * quarter], sizes[3 * quarter:]
            print(f"memory of {run}'s {kind} {pid}, {len(sizes) * SAMPLE // 60} min: "
                  f"{sum(early) / len(early):.0f} MiB, at the end {sum(late) / len(late):.0f} MiB, most {max(sizes)} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--dir", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = options.dir.absolute()
    folder.mkdir(parents=True)
    os.environ.update(STANDALONE_DIR=str(folder / "cluster"), SPARK_MASTER_PORT="17077", SPARK_MASTER_WEBUI_PORT="18080")
    master = subprocess.run([ROOT / "deploy/standalone/start.sh", "4", "1", "2g"], check=True, capture_output=True,
                            text=True).stdout.strip()
    jobs = []
    try:
        data = folder / "data"
        subprocess.run([ROOT / "jobs/prepare.sh", "--set", "prepare.generated.train-images=5000", "--set",
                        "prepare.generated.test-images=500", "--out", data], check=True)
        disturbed = Job("disturbed", folder, master, data, 6)
        alone = Job("alone", folder, master, data, 1000000)
        for job in (disturbed, alone):
            job.start()
            jobs.append(job)
        happened = soak(disturbed, alone, folder, options.minutes, random.Random(options.seed))
        for job in jobs:
            job.end()
        difference = compare(disturbed, alone)
        print(f"{happened} disturbances in {options.minutes:g} minutes, see {folder / 'events.csv'}")
        growth(folder)
        if difference:
            sys.exit(difference)
    finally:
        for job in jobs:
            job.end()
        subprocess.run([ROOT / "deploy/standalone/stop.sh"], check=True)


if __name__ == "__main__":
    main()
