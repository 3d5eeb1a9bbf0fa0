"""A callback that needs one rate asks which optimizer's where a model has several."""

import io

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, PlateauFactor, PolyakAveraging
from kerasrecipes.experiment.progress import Progress
from tests.callbacks.rates import Slope, ones


class OwnOptimizer(keras.Model):
    """TensorFlow's way to train with an optimizer of one's own."""

    def __init__(self):
        super().__init__()
        self.slope = Slope()
        self.generator = keras.optimizers.SGD(0.25)

    def call(self, x):
        return self.slope(x)

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self(x))
        variables = self.trainable_variables
        self.generator.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}


def own_optimizer():
    model = OwnOptimizer()
    model.compile(loss="mse")
    model(ones(1)[0])
    return model


only_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="its train step is TensorFlow's"
)


@only_tensorflow
@pytest.mark.parametrize("make", [lambda **o: SGDR(0.5, 1, 1, **o), PlateauFactor], ids="sp")
def test_a_model_of_several_optimizers_is_refused_without_a_name(make):
    model = own_optimizer()
    with pytest.raises(ValueError, match="'generator'.*Received: optimizer=None"):
        model.fit(*ones(2), 1, callbacks=[make()], verbose=0)
    with pytest.raises(ValueError, match="'generator'.*Received: optimizer='critic'"):
        model.fit(*ones(2), 1, callbacks=[make(optimizer="critic")], verbose=0)
    with pytest.raises(TypeError, match="`optimizer`"):
        make(optimizer=model.generator)


@only_tensorflow
def test_the_named_optimizer_is_driven_and_logged():
    model = own_optimizer()
    before = float(model.slope.w)
    sgdr = SGDR(0.5, 1, 1, min_learning_rate=0.125, optimizer="generator")
    callbacks = [Progress(io.StringIO()), PolyakAveraging(0.0, warmup=False), sgdr]
    history = model.fit(*ones(2), 1, epochs=2, verbose=0, callbacks=callbacks)
    np.testing.assert_allclose(history.history["learning_rate"], [0.3125, 0.3125])
    np.testing.assert_allclose(float(model.slope.w), before - 2 * (0.5 + 0.3125), rtol=1e-6)
    assert float(model.generator.learning_rate) == 0.25
