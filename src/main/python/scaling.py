"""The cost model of docs/scaling.md: seconds an iteration on a cluster, from what one node was measured to do.

    python3 src/main/python/scaling.py --rate 4.8 --cores 30 --decoded 300 --decoders 2 --parameters 84.3e6 --global-batch 256

Needs nothing but Python 3. Every figure it prints is computed, none is measured.
"""

import argparse

BYTES = {"fp32": 4, "bf16": 2}
# Values of a rank in a bucket of the exchange.
SLICE = 65_536


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, required=True, help="images/s of one core in a training step, by jobs/bench.sh")
    parser.add_argument("--cores", type=int, default=30, help="of a node, for the engine")
    parser.add_argument("--efficiency", type=float, default=0.8, help="of many cores against one: an assumption")
    parser.add_argument("--decoded", type=float, default=300, help="images/s that one core reads, decodes and augments")
    parser.add_argument("--decoders", type=int, default=2, help="cores of a node that decode")
    parser.add_argument("--parameters", type=float, required=True, help="trained parameters")
    parser.add_argument("--backward", type=float, default=0.7, help="share of the backward pass in computing; it hides the exchange")
    parser.add_argument("--sum", type=float, default=2e9, help="values/s that the engine's thread adds to sums of gradients")
    parser.add_argument("--update", type=float, default=0.9e9, help="parameters/s of SGD on one core")
    parser.add_argument("--wire", choices=BYTES, default="fp32", help="how gradients travel")
    parser.add_argument("--weights", choices=BYTES, default="bf16", help="how weights travel: as the engine uses them")
    parser.add_argument("--link", type=float, default=25, help="Gbit/s of a node, each way")
    parser.add_argument("--link-use", type=float, default=0.7, help="share of the link that a transfer gets: an assumption")
    parser.add_argument("--latency", type=float, default=100e-6, help="seconds a message: an assumption")
    parser.add_argument("--global-batch", type=int, default=0, help="0: --node-batch times the nodes")
    parser.add_argument("--node-batch", type=int, default=32)
    parser.add_argument("--images", type=int, default=1_281_167)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    return parser.parse_args()


def iteration(o, nodes):
    """Seconds of an iteration by part, and the batch of one node."""
    batch = (o.global_batch or o.node_batch * nodes) / nodes
    compute = batch / (o.rate * o.cores * o.efficiency)
    decode = batch / (o.decoded * o.decoders)
    # A reduce-scatter and an all-gather: each moves the slices of all other ranks.
    moved = o.parameters * (BYTES[o.wire] + BYTES[o.weights]) * (nodes - 1) / nodes
    exchange = moved / (o.link * 1e9 / 8 * o.link_use) + 2 * (nodes - 1) * o.latency
    # What is made last cannot be hidden: one bucket.
    buckets = max(1, o.parameters / (nodes * SLICE))
    exposed = exchange - min(exchange * (1 - 1 / buckets), o.backward * compute)
    if nodes == 1:
        update = o.parameters / (o.update * min(4, o.cores))
    else:
        # One thread does both, between primitives: those of the engine wait for it.
        update = o.parameters / nodes / o.update + o.parameters / o.sum
    # Images are made while the engine computes.
    return batch, compute, decode, exchange, exposed, update, max(compute, decode) + exposed + update


def main():
    o = options()
    print("| nodes | images a node | compute s | decode s | exchange s | not hidden s | update s | iteration s | images/s | efficiency | hours |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    alone = None
    for nodes in o.nodes:
        batch, compute, decode, exchange, exposed, update, seconds = iteration(o, nodes)
        rate = batch * nodes / seconds
        alone = alone or rate / nodes
        hours = o.images * o.epochs / rate / 3600
        print(
            f"| {nodes} | {batch:g} | {compute:.3f} | {decode:.3f} | {exchange:.3f} | {exposed:.3f} | {update:.3f} | {seconds:.3f}"
            f" | {rate:,.0f} | {rate / nodes / alone:.0%} | {hours:,.1f} |"
        )


if __name__ == "__main__":
    main()
