"""Takes turns between our training step and PyTorch's, of several ranks with DistributedDataParallel's: jobs/bench.sh --against-pytorch runs it.

Every process that is measured runs alone. Each prints its line of JSON when it ends; a table of medians comes last.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OURS = [str(HERE.parents[2] / "jobs" / "bench.sh")]
PEER = [sys.executable, str(HERE / "pytorch_step.py")]
DISTRIBUTED = [sys.executable, str(HERE / "pytorch_ddp.py")]
# Memory is kept and comes in huge pages: without it a step of a large network returns it to the system and asks for it again.
TUNED = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "99999999999",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
COMPILED = "PyTorch, tuned malloc, compiled"
WAYS = {
    "PyTorch": ({}, []),
    "PyTorch, tuned malloc": (TUNED, []),
    COMPILED: (TUNED, ["--compile"]),
}
USAGE = 1
FAILURE = 3


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(FAILURE)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(USAGE, f"error: {message}\n")


def count(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def measure(command, environment=None, errors=None):
    """The line of a run and None, or its exit code and what it wrote to errors, where that is a pipe."""
    done = subprocess.run(command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=errors, text=True)
    if done.returncode != 0:
        return done.returncode, done.stderr
    print(done.stdout, end="", flush=True)
    return json.loads(done.stdout), None


def reason(code, said):
    """The one line that matters: PyTorch's advice may follow the error."""
    lines = said.strip().splitlines()
    errors = [line for line in lines if re.match(r"[\w.]*error\b", line, re.IGNORECASE)]
    return (errors or lines or [f"exit code {code}"])[-1]


def main():
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--against-pytorch", action="store_true")
    parser.add_argument("--python")
    parser.add_argument("--rounds", type=count, default=5)
    options, ours = parser.parse_known_args()

    speeds = {"ours": []}
    ways = dict(WAYS)
    for _ in range(options.rounds):
        own, _ = measure(OURS + ours)
        if isinstance(own, int):
            sys.exit(own if own > 0 else FAILURE)
        speeds["ours"].append(own["images_per_second"])
        # Said by our line, so that the defaults are in one place.
        keys = ["network", "batch", "precision", "iterations", "threads"]
        script = PEER
        if "ranks" in own:
            keys.append("ranks")
            script = DISTRIBUTED
            ways.pop(COMPILED, None)
        same = [f"--{key}={own[key]}" for key in keys]
        for way, (environment, more) in list(ways.items()):
            peer, said = measure(script + same + more, environment, subprocess.PIPE)
            if isinstance(peer, int):
                print(f"left out: {way}: {reason(peer, said)}", flush=True)
                del ways[way]
                speeds.pop(way, None)
                continue
            if peer["parameters"] != own["parameters"]:
                fail(f"the networks differ: ours has {own['parameters']} parameters, PyTorch's {peer['parameters']}")
            speeds.setdefault(way, []).append(peer["images_per_second"])

    print()
    ranks = f"{own['ranks']} ranks, " if "ranks" in own else ""
    print(f"{own['network']}, batch {own['batch']}, {own['precision']}, {ranks}threads {own['threads']}; ours is {own['engine']}")
    print(f"images/s, medians of {options.rounds}")
    medians = {way: statistics.median(values) for way, values in speeds.items()}
    for way, median in medians.items():
        print(f"{way:<34}{median:>10.1f}")
    peers = [median for way, median in medians.items() if way != "ours"]
    if not peers:
        fail("PyTorch could not be measured")
    print(f"{'ours / best of PyTorch':<34}{medians['ours'] / max(peers):>10.2f}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        fail("stopped by a signal")
