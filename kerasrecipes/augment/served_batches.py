"""Batches that the workers of a `tf.data` service make, each once and in the order of the steps."""

import re

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import autograph

WINDOW, MOST = 16, 256  # batches that may wait here for one before it: at first, and at most
ROOM = 2**30  # bytes that more than the first number may take
CALM = 64  # steps without a late batch, after which the window is one shorter
ADDRESS = re.compile(r"(grpc://)?[^/\s]+:\d{1,5}")
PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}


def check_service(service, training):
    """Raise unless `service` is `None`, or an address and batches are for training."""
    if service is None:
        return
    if not isinstance(service, str) or not ADDRESS.fullmatch(service):
        raise ValueError(
            "Argument `service` must be the address of a dispatcher, such as 'grpc://host:5000'. "
            f"Received: service={service!r}"
        )
    if not training:
        raise ValueError(
            f"Argument `service` is for training. Received: service={service!r}, training=False"
        )


def served(steps, make_batch, at_once, service):
    """Return a dataset of `make_batch(step)` for endless steps, made by the workers.

    The dispatcher gives each step to one worker. A worker that dies takes its steps with it: the
    service does not give them to another. They are made here instead, when a window of later ones
    have come. Those of a worker that is only slow are dropped when they come after all.

    Args:
        steps: dataset of int64, one after another without end.
        make_batch: function of a step that returns the tensors of its batch and can be traced.
        at_once: int, how many batches at once in a worker.
        service: str, address of the dispatcher.

    Raises:
        ValueError: where a part of `make_batch` is Python, which workers do not have.
    """
    make_here = tf.function(make_batch, input_signature=[tf.TensorSpec([], tf.int64)])
    _check_no_python(make_here.get_concrete_function(), service)

    def numbered(step):
        return step, make_batch(step)

    there = steps.map(autograph.applied(numbered, False), num_parallel_calls=at_once).apply(
        tf.data.experimental.service.distribute(
            processing_mode=tf.data.experimental.service.ShardingPolicy.DYNAMIC,
            service=service if "://" in service else f"grpc://{service}",
        )
    )

    def in_order():
        first = int(next(iter(steps)))
        return _in_order(there, make_here, first, max(WINDOW, 2 * at_once))

    return tf.data.Dataset.from_generator(in_order, output_signature=there.element_spec[1])


def _in_order(received, make_here, expected, least):
    """Yield the batch of each step from `expected` on, made here when a window of later ones wait.

    The window has at first the length `least`. It is one longer for each batch that comes too late,
    as many workers send batches further from their order, and shorter when none does.
    """
    window, waiting, calm = least, {}, 0
    for step, batch in received:
        if int(step) >= expected:
            waiting[int(step)] = batch
        else:
            window, calm = max(least, min(window + 1, MOST, ROOM // _bytes(batch))), 0
        while expected in waiting or len(waiting) > window:
            yield waiting.pop(expected) if expected in waiting else make_here(expected)
            expected, calm = expected + 1, calm + 1
            if calm % CALM == 0:
                window = max(least, window - 1)


def _bytes(batch):
    return sum(part.dtype.size * part.shape.num_elements() for part in tf.nest.flatten(batch))


def _check_no_python(function, service):
    """Raise where a graph calls back into this process."""
    definition = function.graph.as_graph_def()
    nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
    if PYTHON & {node.op for node in nodes}:
        raise ValueError(
            "Argument `service` must have images that TensorFlow alone reads: JPEG and PNG files "
            "(`data.load` with check='all' says which are others), TFRecord shards. Python "
            "sources, WebDataset, ArrayRecord and images that Pillow decodes need Python, which "
            f"workers do not have. Received: service={service!r}"
        )
