"""Networks trained side by side: one run, one `fit`, the same batches for each."""

import keras


def side_by_side(networks, optimizer, jit):
    """Return one compiled model that trains several networks at once on the same images.

    The networks share the input and nothing else. The loss is the sum of theirs, so each weight
    has the gradient it would have alone, and an optimizer that works weight by weight (not one
    that clips by a global norm) trains each as it would alone. Metrics are `NAME_accuracy`.

    Args:
        networks: Dictionary from name to a Keras model from images to probabilities.
        optimizer: Keras optimizer of all weights.
        jit: Boolean, for `model.compile(jit_compile=...)`.

    Returns:
        A `keras.Model` whose output is a dictionary of probabilities by name.
    """
    inputs = keras.Input(next(iter(networks.values())).input_shape[1:])
    model = keras.Model(inputs, {name: network(inputs) for name, network in networks.items()})
    loss = {name: keras.losses.SparseCategoricalCrossentropy() for name in networks}
    metrics = {name: ["accuracy"] for name in networks}
    model.compile(optimizer, loss, metrics=metrics, jit_compile=jit)
    return model


def for_each(networks, batches):
    """Return the `tf.data.Dataset` of (images, labels) with the labels repeated by name."""
    return batches.map(lambda images, labels: (images, dict.fromkeys(networks, labels)))


def winner(results, margin=0.01):
    """A sentence that compares the last of two tests with the first.

    Args:
        results: List of two `TestResult`, what is compared with first.
        margin: Number, a smaller difference in accuracy counts as none.
    """
    first, last = ((result.name, result.metrics()["accuracy"]) for result in results)
    gain = last[1] - first[1]
    figures = f"{last[0]} {last[1]:.2%}, {first[0]} {first[1]:.2%} of test images right"
    if abs(gain) < margin:
        return f"No gain to speak of at this size: {figures}."
    return f"{last[0] if gain > 0 else first[0]} does better by {abs(gain):.2%}: {figures}."
