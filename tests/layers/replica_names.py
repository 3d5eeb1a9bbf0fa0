"""The rows of the table of layers that draw once for a whole batch, and so for all replicas."""

COMMON = ("DropConnect", "DropConnect of an embedding", "StochasticDepth batch")
