# pyright: basic, reportArgumentType=error, reportCallIssue=error, reportAttributeAccessIssue=error
# pyright: reportUnnecessaryTypeIgnoreComment=error
"""The public surface as a user's type checker sees it: pyright reads this, nothing runs it.

A line with `# pyright: ignore` must be an error, and pyright says so if it is none.
"""

import pathlib

import keras

from kerasrecipes import (
    augment,
    callbacks,
    data,
    inference,
    layers,
    losses,
    models,
    optimizers,
    schedules,
    transfer,
)

model: keras.Model = models.resnet(8, (32, 32, 3), classes=10, stochastic_depth=0.5, seed=0)
names: list[str] = models.stages(model)

dense = layers.DropConnectDense(10, rate=0.5, activation="relu", name="dense", dtype="float32")
layers.StochasticDepth(dense, rate=1, shortcut=None, seed=None)
layers.Whitening("pca", axis=(1, 2, 3)).adapt([[1.0]], steps=3)
layers.GroupNormalization(groups="8")  # pyright: ignore
layers.DropPath()  # pyright: ignore

schedule = schedules.OneCycle(0.1, total=100)
schedules.StepDecay(0.1, (10, 20))
schedules.StepDecay(0.1, 10)  # pyright: ignore
optimizers.LayerwiseLearningRates("adam", {"backbone": 0.1}, model=model)
optimizers.fit_lbfgs(model, [[1.0]], [1], batch_size=None, epochs=3).history["loss"]
optimizers.fit_lbfgs(model, [[1.0]], epochs="3")  # pyright: ignore
loss: keras.losses.Loss = losses.MulticlassHinge(margin=1)

callbacks.BestSnapshot("val_accuracy", patience=3, filepath=pathlib.Path("best.keras"))
callbacks.SGDR(0.1, first_cycle_epochs=2.5, warmup_epochs=0.5)
callbacks.Resume("run", every_steps=None)
callbacks.PolyakAveraging(decay="0.99")  # pyright: ignore
error: float = inference.expected_calibration_error([[0.5, 0.5]], [1])
temperature: float = inference.fit_temperature([[0.5, 0.5]], [1])
transfer.classifier(model, classes=3, dropout=0.2)
transfer.fine_tune(model, ([1], [1]), [transfer.Phase("head", 1)], batch_size="8")  # pyright: ignore
transfer.fine_tune(model, [], [], class_weight="balanced")  # pyright: ignore
transfer.fine_tune(model, [], [], seed=None)  # pyright: ignore
images = data.load("fashion_mnist_sample", seed=1)
data.load("fashion_mnist_sample", seed=None)  # pyright: ignore
augment.pipeline(images.train, [], 4, training=True, seed=None)  # pyright: ignore
augment.OnDevice([]).batches(images.train, 4, training=True, seed=None)  # pyright: ignore
