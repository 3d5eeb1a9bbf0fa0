"""Normalisation of pixels by a mean and a standard deviation, one for all channels or each."""

from keras import ops

from kerasrecipes._validation import check_number


def check_statistics(mean, std):
    """Raise unless every mean is finite and every standard deviation positive."""
    for value in _values(mean):
        check_number("mean", value, "(-inf, inf)")
    for value in _values(std):
        check_number("std", value, "(0, inf)")


def check_channels(mean, std, channels):
    """Raise unless `mean` and `std` are one number each, or one number per channel."""
    for name, value in (("mean", mean), ("std", std)):
        if len(_values(value)) not in (1, channels):
            raise ValueError(
                f"Argument `{name}` must be one number or one for each of the {channels} channels. "
                f"Received: {name}={value}"
            )


def normalize(pixels, mean, std):
    """Return (pixels - mean) / std; the pixels are float32 or float64."""
    mean = ops.convert_to_tensor(_values(mean), pixels.dtype)
    std = ops.convert_to_tensor(_values(std), pixels.dtype)
    return (pixels - mean) / std


def _values(mean_or_std):
    return list(mean_or_std) if isinstance(mean_or_std, (tuple, list)) else [mean_or_std]
