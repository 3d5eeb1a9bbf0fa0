"""A step that the machine's memory cannot hold is refused before the first one."""

import keras
import numpy as np
import pytest

from kerasrecipes.experiment import memory_check
from kerasrecipes.experiment.memory_check import MemoryCheck, bytes_of_step, memory_of_machine


def network(size=8):
    inputs = keras.Input((size, size, 3))
    frozen = keras.layers.Conv2D(5, 3, padding="same")
    frozen.trainable = False
    x = keras.layers.Conv2D(4, 3, padding="same")(frozen(inputs))
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def test_the_outputs_of_layers_that_train_are_counted():
    convolution = normalized = 8 * 8 * 4 * 4
    assert bytes_of_step(network(), 7) == 7 * (convolution + normalized + 2 * 4)
    outer = keras.Sequential([keras.Input((8, 8, 3)), network()])
    assert bytes_of_step(outer, 7) == bytes_of_step(network(), 7)
    assert bytes_of_step(network(None), 7) == 7 * 2 * 4  # sizes that are not known are left out


def test_too_much_is_refused_before_the_first_step(monkeypatch):
    model, x, y = network(), np.zeros((8, 8, 8, 3), "float32"), np.zeros(8)
    monkeypatch.setattr(memory_check, "accelerator", lambda: ("cpu", False))
    monkeypatch.setattr(memory_check, "memory_of_machine", lambda: 7 * 2056 + 1)
    model.fit(x, y, 7, verbose=0, callbacks=[MemoryCheck(7)])
    steps = int(model.optimizer.iterations)
    with pytest.raises(MemoryError, match="a step of 8 images, and the machine has"):
        model.fit(x, y, 8, verbose=0, callbacks=[MemoryCheck(8)])
    assert int(model.optimizer.iterations) == steps > 0
    monkeypatch.setattr(memory_check, "accelerator", lambda: ("gpu", True))
    model.fit(x, y, 8, verbose=0, callbacks=[MemoryCheck(8)])


def test_the_limit_of_a_container_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(memory_check, "LIMIT_OF_CONTAINER", tmp_path / "memory.max")
    physical = memory_of_machine()
    assert physical > 10**8
    for text, expected in (("max\n", physical), ("123456\n", 123456)):
        (tmp_path / "memory.max").write_text(text)
        assert memory_of_machine() == expected
