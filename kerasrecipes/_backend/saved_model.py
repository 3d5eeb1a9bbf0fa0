"""TensorFlow's own runtime for exported models."""


def run_saved_model(folder, inputs):
    """What the endpoint `serve` of a SavedModel returns for an array or a list of bytes."""
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)
    return loaded.serve(tf.constant(inputs)).numpy()
