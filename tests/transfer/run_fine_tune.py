"""A fine-tuning with everything on, as a process that tests can kill.

`python run_fine_tune.py FOLDER` trains, or goes on, prints a line a step, and leaves `result.npz`
and `history.json` in FOLDER.
"""

import json
import os
import sys

import keras
import numpy as np

from kerasrecipes.callbacks import SGDR, BestSnapshot, PolyakAveraging, Resume
from kerasrecipes.transfer import Phase, fine_tune
from tests.transfer.small_backbone import BATCH, VALIDATION, X, Y, small_classifier, values

EPOCHS, STEPS = 2, len(X) // BATCH
PHASES = [Phase("head", EPOCHS), Phase(1, EPOCHS), Phase("all", EPOCHS, decay=0.5)]


class PrintSteps(keras.callbacks.Callback):
    """Print which phase trains, before each step: how many variables do, and their updates."""

    def on_train_batch_begin(self, batch, logs=None):
        trained = len(self.model.trainable_variables)
        updates = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        print("step", trained, updates, flush=True)


def train(folder, extra=(), **options):
    """Train to the end and return (history, arrays of model, optimizer and averages)."""
    model = small_classifier(dropout=0.2)
    averaging = PolyakAveraging(0.8)
    callbacks = [
        BestSnapshot("val_loss"),
        *extra,
        averaging,
        SGDR(0.05, first_cycle_epochs=1, cycle_multiplier=1.5),
        Resume(os.path.join(folder, "state"), every_steps=1),
    ]
    history = fine_tune(
        model,
        (X, Y),
        PHASES,
        validation_data=VALIDATION,
        optimizer=keras.optimizers.Adam(weight_decay=0.1),
        callbacks=callbacks,
        batch_size=BATCH,
        jit_compile=False,
        verbose=0,
        **options,
    )
    state = averaging.get_state()
    averages = [state[key] for key in sorted(state) if key.startswith("raw/")]
    return history, [*values([*model.variables, *model.optimizer.variables]), *averages]


if __name__ == "__main__":
    folder = sys.argv[1]
    history, arrays = train(folder, [PrintSteps()])
    with open(os.path.join(folder, "history.json"), "w") as file:
        json.dump([history.epoch, history.history], file)
    np.savez(os.path.join(folder, "result.npz"), *arrays)
    print("done", flush=True)
