"""The process group of PyTorch that `torchrun` starts."""

import atexit
import os


def count_of_torchrun():
    """Return how many processes `torchrun` has started with this one, 0 if it has not."""
    return int(os.environ["WORLD_SIZE"]) if {"WORLD_SIZE", "RANK"} <= os.environ.keys() else 0


def join_torchrun():
    """Join the group that the environment of `torchrun` names; return (rank, count), or `None`."""
    if not count_of_torchrun():
        return None
    import torch.distributed

    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group(_take_device())
        atexit.register(_leave)
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def _take_device():
    """Let this process have the GPU of its local rank, if there are any; return the backends."""
    import torch

    if not torch.cuda.is_available():
        return "gloo"
    rank, count = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if rank >= count:
        raise ValueError(
            f"LOCAL_RANK must be an int in [0, {count}), as each process has a GPU of its own: "
            f"torchrun --nproc-per-node {count}. Received: LOCAL_RANK={rank} on a machine with "
            f"{count} GPU{'s' * (count > 1)}"
        )
    torch.cuda.set_device(rank)
    return "cpu:gloo,cuda:nccl"  # Python objects and what Keras keeps on the CPU go by gloo


def processes_on_machine():
    """Return how many processes `torchrun` has started on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1))


def of_first_rank(value):
    """Return the value that rank 0 has, in all processes."""
    import torch.distributed

    values = [value]
    torch.distributed.broadcast_object_list(values, src=0)
    return values[0]


def of_all_ranks(value):
    """Return the values of all ranks, in their order."""
    import torch.distributed

    values = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(values, value)
    return values


def _leave():
    import torch.distributed

    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
