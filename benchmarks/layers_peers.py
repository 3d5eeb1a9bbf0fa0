"""Peers of our layers that no package has, as one would write them at first."""


def plain_decorrelation(group_size, epsilon=1e-5):
    """Decorrelated batch normalisation in PyTorch: transposes, `eigh`, and its autograd."""
    import torch

    def normalize(x):
        channels = x.shape[-1]
        rows = x.reshape(-1, channels // group_size, group_size).permute(1, 2, 0)
        centered = rows - rows.mean(dim=2, keepdim=True)
        covariance = centered @ centered.transpose(1, 2) / centered.shape[2]
        covariance = covariance + epsilon * torch.eye(group_size, device=x.device)
        values, vectors = torch.linalg.eigh(covariance)
        whitening = vectors @ torch.diag_embed(values.rsqrt()) @ vectors.transpose(1, 2)
        return (whitening @ centered).permute(2, 0, 1).reshape(x.shape)

    return normalize


def tensorflow_fractional_pooling():
    """TensorFlow's kernel, which draws the same regions at every call."""
    import tensorflow as tf

    ratios = (1.0, 1.414, 1.414, 1.0)
    return lambda x: tf.nn.fractional_max_pool(x, ratios, True, True, seed=1)[0]


def torch_fractional_pooling():
    """PyTorch's kernel on its own layout, channels first in memory."""
    import torch

    def pool(x):
        images = x.permute(0, 3, 1, 2).contiguous()
        size = [int(side / 1.414) for side in images.shape[2:]]
        return torch.nn.functional.fractional_max_pool2d(images, 2, output_size=size)

    return pool


def random_words(inputs, units, rate):
    """What the masks of `DropConnectDense` cost to draw: a layer that takes their largest byte."""
    import keras

    from kerasrecipes._backend.random_draws import draw_bits

    class RandomWords(keras.Layer):
        def __init__(self):
            super().__init__()
            self.seed_generator = keras.random.SeedGenerator(0)

        def call(self, x, training=None):
            shape = (-(-x.shape[0] // 8), inputs + 1, units)
            largest = keras.ops.max(draw_bits(shape, 1 - rate, self.seed_generator))
            return x + keras.ops.cast(largest, x.dtype)

    return RandomWords()


PEERS = {
    "random_words": random_words,
    "plain_decorrelation": plain_decorrelation,
    "tensorflow_fractional_pooling": tensorflow_fractional_pooling,
    "torch_fractional_pooling": torch_fractional_pooling,
}
