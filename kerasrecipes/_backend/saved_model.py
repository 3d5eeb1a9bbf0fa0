"""Runs an exported SavedModel in TensorFlow."""


def run_saved_model(folder, inputs):
    """Return the outputs of the endpoint `serve` for an array or a list of bytes."""
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)
    return loaded.serve(tf.constant(inputs)).numpy()
