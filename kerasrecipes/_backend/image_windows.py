"""Windows and choices of whole images by contiguous copies, on PyTorch."""


def image_windows(images, top, left, size, border):
    """Return the `size` x `size` window of each image at its own place, zeros outside.

    A row of a window is contiguous in memory, so that one selection of rows from a view in which
    they overlap copies them all: a twentieth of the time of a gather by pixel and a mask.

    Args:
        images: Tensor `(N, H, W, C)`.
        top, left: Integer tensors `(N,)`, from -border to H + border - size, or W.
        size: int, side of the windows.
        border: int >= 0, how far a window may reach out.
    """
    import torch

    padded = torch.nn.functional.pad(images, (0, 0, *[border] * 4)).contiguous()
    count, height, width, channels = padded.shape
    row, first = size * channels, torch.arange(count, device=images.device)[:, None] * height
    rows = first + (top + border)[:, None] + torch.arange(size, device=images.device)
    starts = rows * width + (left + border)[:, None]
    places = max((padded.numel() - row) // channels + 1, 0)
    overlapping = padded.as_strided((places, row), (channels, 1))
    chosen = torch.index_select(overlapping, 0, starts.reshape(-1))
    return chosen.reshape(count, size, size, channels)


def choose_images(chosen, first, second):
    """Return an image of `first` where `chosen` (N,) is true, else of `second`, both (N, ...)."""
    import torch

    count = len(second)
    places = torch.arange(count, device=second.device) + count * chosen.long()
    return torch.index_select(torch.cat([second, first]), 0, places)
