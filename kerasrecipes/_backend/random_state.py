"""The random state outside of seed generators, which unseeded `Dropout` uses on PyTorch."""

import keras


def get_random_state():
    """Return a flat dict of arrays; {} if Keras draws only from seed generators."""
    if keras.backend.backend() != "torch":
        return {}
    import torch

    state = {"host": torch.get_rng_state().numpy()}
    if torch.cuda.is_available():
        for i, generator in enumerate(torch.cuda.get_rng_state_all()):
            state[f"cuda{i}"] = generator.numpy()
    return state


def set_random_state(state):
    """Set the generators to what `get_random_state` returned."""
    if not state:
        return
    import torch

    torch.set_rng_state(torch.from_numpy(state["host"]))
    for i in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        if f"cuda{i}" in state:
            torch.cuda.set_rng_state(torch.from_numpy(state[f"cuda{i}"]), i)


def seed_random_state(seed):
    """Seed the generators whose state `get_random_state` returns."""
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(seed)
