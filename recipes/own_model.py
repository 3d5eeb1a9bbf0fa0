"""Your own model, from a folder of class folders to a file that labels photos. Change any line.

    python recipes/own_model.py FOLDER
    python recipes/predict.py mine.keras PHOTO ...

Stop it at any moment, with Ctrl-C or worse: the same command goes on where it stopped.
"""

import sys

if sys.argv[1:] in ([], ["-h"], ["--help"]):
    sys.exit(print(__doc__))

from kerasrecipes import augment, callbacks, data, serving

import keras

SIZE, BATCH_SIZE, EPOCHS = 64, 32, 20

images = data.load(sys.argv[1])  # 80% for training, 10% for validation, 10% for the test
resume = callbacks.Resume("mine")  # a folder for each run: delete it to begin again
train = [augment.RandomResizedCrop(SIZE, (0.35, 1.0), channels=3), augment.RandomFlip()]
test = [augment.CenterCrop(SIZE, channels=3)]  # pixels from 0 to 255: the model scales them
training = augment.pipeline(images.train, train, BATCH_SIZE, training=True, start_step=resume.step)
validation, testing = (
    augment.pipeline(one or another, test, BATCH_SIZE, training=False)
    for one, another in ((images.validation, images.test), (images.test, images.validation))
)

model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), keras.layers.Rescaling(1 / 255)])
for filters in (32, 64, 128):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.MaxPooling2D())
model.add(keras.layers.GlobalAveragePooling2D())
model.add(keras.layers.Dense(images.num_classes, "softmax"))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

model.fit(
    training,
    epochs=EPOCHS,
    steps_per_epoch=training.steps_per_pass,
    validation_data=validation,
    callbacks=[callbacks.PolyakAveraging(0.9), callbacks.BestSnapshot("val_loss"), resume],
    shuffle=False,  # the pipeline has shuffled
)
model.evaluate(testing)
serving.save(model, test, images.class_names, "mine.keras")
