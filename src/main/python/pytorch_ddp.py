"""One distributed training step in PyTorch on the CPU: what jobs/bench.sh --ranks measures, with the same options and keys of JSON.

    python pytorch_ddp.py --network sftn:resnet32x4:resnet8x4 --batch 64 --precision bf16 --iterations 12 --threads 1 --ranks 2

DistributedDataParallel over gloo: processes of this machine exchange buckets of 25 MB by loopback while the backward pass goes on.
Networks and losses are those of pytorch_step.py.
"""

import argparse
import json
import multiprocessing
import os
import socket
import statistics
import time

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from pytorch_step import WARM_UP, objective, peak_memory_mib


def train(rank, port, options, answers):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(options.threads)
    distributed.init_process_group("gloo", rank=rank, world_size=options.ranks)
    torch.manual_seed(1)
    trained, size, classes = objective(options.network)
    parameters = list(trained.parameters())
    ddp = DistributedDataParallel(trained, gradient_as_bucket_view=True)
    sgd = torch.optim.SGD(parameters, lr=1e-5, momentum=0.9, weight_decay=5e-4)
    torch.manual_seed(1 + rank)
    local = options.batch // options.ranks
    images = torch.randn(local, 3, size, size).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(classes, (local,))

    seconds = []
    for _ in range(WARM_UP + options.iterations):
        start = time.perf_counter()
        sgd.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            value = ddp(images, labels)
        value.backward()
        sgd.step()
        seconds.append(time.perf_counter() - start)
    answers.put((statistics.median(seconds[WARM_UP:]), sum(p.numel() for p in parameters), peak_memory_mib(), value.item()))
    distributed.barrier()
    distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description="One distributed training step in PyTorch; prints one line of JSON.")
    parser.add_argument("--network", required=True)
    parser.add_argument("--batch", type=int, required=True, help="of all ranks")
    parser.add_argument("--precision", choices=("fp32", "bf16"), required=True)
    parser.add_argument("--iterations", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True, help="of a rank")
    parser.add_argument("--ranks", type=int, required=True)
    options = parser.parse_args()

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    ranks = [context.Process(target=train, args=(rank, port, options, answers)) for rank in range(options.ranks)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join()
        if process.exitcode != 0:
            raise SystemExit("error: a rank of PyTorch failed")
    found = [answers.get() for _ in ranks]
    median = max(seconds for seconds, _, _, _ in found)

    line = {
        "engine": f"pytorch {torch.__version__}, DistributedDataParallel over gloo",
        "network": options.network,
        "batch": options.batch,
        "precision": options.precision,
        "threads": options.threads,
        "iterations": options.iterations,
        "parameters": found[0][1],
        "images_per_second": round(options.batch / median, 1),
        "milliseconds": round(1000 * median, 2),
        "peak_memory_mib": max(memory for _, _, memory, _ in found),
        "loss": round(found[0][3], 4),
        "ranks": options.ranks,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
