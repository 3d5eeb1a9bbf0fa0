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


PEERS = {"plain_decorrelation": plain_decorrelation}
