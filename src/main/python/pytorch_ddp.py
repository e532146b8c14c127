"""One distributed training step in PyTorch on the CPU: what jobs/bench.sh --ranks measures, with the same options and keys of JSON.

    python pytorch_ddp.py --network sftn:resnet32x4:resnet8x4 --batch 64 --precision bf16 --iterations 12 --threads 1 --ranks 2

DistributedDataParallel over gloo: processes of this machine exchange buckets of 25 MB by loopback while the backward pass goes on.
Networks and losses are those of pytorch_step.py.
"""

import json
import multiprocessing
import os
import socket

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from pytorch_step import count, line, measure, objective, parser, peak_memory_mib


def train(rank, port, options, answers):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(options.threads)
    distributed.init_process_group("gloo", rank=rank, world_size=options.ranks)
    torch.manual_seed(1)
    trained, size, classes = objective(options.network)
    ddp = DistributedDataParallel(trained, gradient_as_bucket_view=True)
    torch.manual_seed(1 + rank)
    median, value = measure(ddp, trained, options.batch // options.ranks, size, classes, options)
    answers.put((median, count(trained), peak_memory_mib(), value))
    distributed.barrier()
    distributed.destroy_process_group()


def main():
    arguments = parser("One distributed training step in PyTorch; prints one line of JSON.")
    arguments.add_argument("--ranks", type=int, required=True)
    options = arguments.parse_args()

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

    engine = f"pytorch {torch.__version__}, DistributedDataParallel over gloo"
    memory = max(memory for _, _, memory, _ in found)
    print(json.dumps(line(engine, options, found[0][1], median, memory, found[0][3]) | {"ranks": options.ranks}))


if __name__ == "__main__":
    main()
