"""Your own model, from a folder of class folders to a file that labels photos. Change any line.

    python recipes/own_model.py FOLDER
    python recipes/predict.py mine.keras PHOTO ...

Stop it at any moment, with Ctrl-C or worse: the same command resumes where it stopped.
"""

import sys

from kerasrecipes_flags import plain_errors

plain_errors(__doc__)  # --help, bad input and Ctrl-C end without a traceback

from kerasrecipes import augment, callbacks, data, experiment, serving

import keras

SIZE, BATCH_SIZE, EPOCHS = 64, 32, 20

keras.utils.set_random_seed(1)
images = data.load(sys.argv[1])  # 80% for training, 10% for validation, 10% for the test
print(images)
resume = callbacks.Resume("mine")  # for other images or another model: another folder
train = [augment.RandomResizedCrop(SIZE, (0.35, 1.0), channels=3), augment.RandomFlip()]
test = [augment.CenterCrop(SIZE, channels=3)]  # pixels from 0 to 255: the model scales them
training = augment.pipeline(images.train, train, BATCH_SIZE, training=True, start_step=resume.step)
held_out = images.validation or images.test  # your folders may have one of the two
validation = augment.pipeline(held_out, test, BATCH_SIZE, training=False)
testing = augment.pipeline(images.test or held_out, test, BATCH_SIZE, training=False)

model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), keras.layers.Rescaling(1 / 255)])
for filters in (32, 64, 128):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.MaxPooling2D())
model.add(keras.layers.GlobalAveragePooling2D())
model.add(keras.layers.Dense(images.num_classes, "softmax"))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

averaging, best = callbacks.PolyakAveraging(0.9), callbacks.BestSnapshot("val_loss")
model.fit(
    training,
    epochs=EPOCHS,
    steps_per_epoch=training.steps_per_pass,
    validation_data=validation,
    callbacks=[experiment.Progress(), averaging, best, resume],  # in any order
    shuffle=False,  # the pipeline has shuffled
    verbose=0,  # Progress prints a line an epoch
)
if not resume.finished:
    sys.exit(130)  # after Ctrl-C: the same command resumes
model.evaluate(testing)
serving.save(model, test, images.class_names, "mine.keras")
print("kerasrecipes predict mine.keras PHOTO")
