"""The process group of PyTorch that `torchrun` starts."""

import atexit
import os


def join_torchrun():
    """Join the group that the environment of `torchrun` names; return (rank, count), or `None`."""
    if "WORLD_SIZE" not in os.environ or "RANK" not in os.environ:
        return None
    import torch.distributed

    if not torch.distributed.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        atexit.register(_leave)
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


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
