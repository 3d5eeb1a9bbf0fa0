"""Writes files in PyTorch's format before 1.6, by hand, so that they may lie."""

import pickle

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"long": 4}}


def literal(value):
    """The opcodes that push a plain value."""
    return pickle.dumps(value, 2)[2:-1]


def imported(module, name):
    """The opcodes that push what `module.name` is."""
    return f"c{module}\n{name}\n".encode()


def tensor(key, numbers, shape, strides, offset=0, storage="FloatStorage", view=None):
    """The opcodes that push a tensor, as `torch.save` writes them."""
    storage = b"(" + literal("storage") + imported("torch", storage) + literal(key)
    storage += literal("cpu") + literal(numbers) + literal(view) + b"tQ"
    arguments = b"(" + storage + literal(offset) + literal(shape) + literal(strides) + b"\x89"
    arguments += imported("collections", "OrderedDict") + b")Rt"
    return imported("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def checkpoint(tensors, storages, magic=MAGIC, system=SYSTEM):
    """The bytes of a file: `tensors` maps names to opcodes, `storages` keys to arrays."""
    state = b"\x80\x02" + imported("collections", "OrderedDict") + b")R("
    state += b"".join(literal(name) + opcodes for name, opcodes in tensors.items()) + b"u."
    parts = [pickle.dumps(magic, 2), pickle.dumps(1001, 2), pickle.dumps(system, 2), state]
    parts.append(pickle.dumps(list(storages), 2))
    for array in storages.values():
        parts += [np.array(array.size, "<i8").tobytes(), array.tobytes()]
    return b"".join(parts)
