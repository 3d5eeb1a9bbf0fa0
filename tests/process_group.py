"""A PyTorch process group on one machine, each rank a process of its own."""

import datetime
import multiprocessing
import os
import tempfile

import torch

SECONDS = 300  # as long as a slow machine may take to import Keras


def of_two_processes(function, arguments=((), ())):
    """Return [what `function(*arguments[rank])` gives in the process of each rank].

    Args:
        function: of a module, as processes are spawned.
        arguments: a tuple of arguments a rank.
    """
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        rendezvous = os.path.join(folder, "rendezvous")
        processes = [
            context.Process(target=_rank, args=(rank, rendezvous, results, function, given))
            for rank, given in enumerate(arguments)
        ]
        for process in processes:
            process.start()
        found = dict(results.get(timeout=SECONDS) for _ in processes)
        for process in processes:
            process.join()
    return [found[rank] for rank in sorted(found)]


def _rank(rank, rendezvous, results, function, arguments):
    torch.set_num_threads(1)  # as torchrun does: more wait for each other on few cores
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{rendezvous}",
        rank=rank,
        world_size=2,
        timeout=datetime.timedelta(seconds=SECONDS),
    )
    results.put((rank, function(*arguments)))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
