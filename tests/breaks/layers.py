"""Breaks of `layers`, `ops` and `losses`."""

from tests.breaks.table import Break

GROUP, GROUP_TESTS = "layers/group_normalization.py", "layers/test_group_normalization.py"
WHITE = "layers/decorrelated_batch_normalization.py"
WHITE_TESTS = "layers/test_decorrelated_batch_normalization.py"
CONTRACT = "layers/test_contract.py"
GPU_TESTS = "layers/test_paths_for_gpus.py"
REPLICA_TESTS = "layers/test_replica_draws.py"

AVERAGE = "layers/_running_average.py"
GHOST = "layers/ghost_batch_normalization.py"
GHOST_TESTS = "layers/test_ghost_batch_normalization.py"

BREAKS = [
    Break(
        "GroupNormalization", "epsilon outside the root", GROUP,
        "maximum(square - ops.square(mean), 0) + epsilon)",
        "maximum(square - ops.square(mean), 0)) + epsilon",
        f"{GROUP_TESTS} -k forward",
    ),
    Break(
        "GroupNormalization", "axis ignored", GROUP,
        "axis = self.axis % len(shape)", "axis = len(shape) - 1",
        f"{GROUP_TESTS} -k forward",
    ),
    Break(
        "GroupNormalization", "strided groups", GROUP,
        "ops.reshape(x, (-1, groups, channels // groups)), axis=2",
        "ops.reshape(x, (-1, channels // groups, groups)), axis=1",
        f"{GROUP_TESTS} -k forward",
    ),
    Break(
        "GroupNormalization", "no cast to float32", GROUP,
        "wide_type(inputs.dtype, self.compute_dtype)", "inputs.dtype",
        f"{GROUP_TESTS} -k statistics_are_float32",
    ),
    Break(
        "GroupNormalization", "no shift before squaring", GROUP,
        "shifted = x - _shift(x, groups)", "shifted = x + 0",
        f"{GROUP_TESTS} -k float32_at_mean_1e4",
    ),
    Break(
        "GroupNormalization", "gradient without the variance's part", GROUP,
        "multiply_add(shifted, -pull, rest)", "rest",
        f"{GROUP_TESTS} -k 'forward or pytorchs'",
    ),
    Break(
        "GroupNormalization", "GPU: the variance between channels forgotten",
        "_backend/normalized_groups.py",
        "variance.mean(dim=3, keepdim=True) + between", "variance.mean(dim=3, keepdim=True)",
        f"{GPU_TESTS} -k 'group and not second'", "torch",
    ),
    Break(
        "GroupNormalization", "GPU: no shift", "_backend/normalized_groups.py",
        "x.detach()[:, :1, :, :1, :1].to(gamma.dtype)",
        "0 * x.detach()[:, :1, :, :1, :1].to(gamma.dtype)",
        f"{GPU_TESTS} -k mean_1e4", "torch",
    ),
    Break(
        "GroupNormalization", "GPU: a second derivative of constants",
        "_backend/normalized_groups.py",
        "if torch.is_grad_enabled():", "if False:",
        f"{GPU_TESTS} -k second", "torch",
    ),
    Break(
        "GroupNormalization", "GPU: no shift on JAX", GROUP,
        "first = x[:, :1, ::", "first = 0 * x[:, :1, ::",
        f"{GPU_TESTS} -k mean_1e4", "jax",
    ),
    Break(
        "DecorrelatedBatchNormalization", "GPU: one way to the offset forgotten",
        "_backend/decorrelated_batch.py", "beta=-1, alpha=-2)", "beta=-1, alpha=0)",
        f"{GPU_TESTS} -k divide_the_channels", "torch",
    ),
    Break(
        "DecorrelatedBatchNormalization", "GPU: rows that are not centered", WHITE,
        "rows, shift = counted - shift, near + shift", "rows, shift = counted, near",
        f"{GPU_TESTS} -k 'decorrelated'", "jax",
    ),
    Break(
        "FractionalMaxPooling2D", "GPU: a NaN is lost", "_backend/pooled_windows.py",
        "y.view(-1)[:1].add_(_nan_or_zero(pixels))", "pass",
        f"{GPU_TESTS} -k nan_is_not_lost", "torch",
    ),
    Break(
        "DropConnectDense", "GPU: the bits of other vectors", "_backend/masked_batch.py",
        "place = slice(LANES * start,", "place = slice(start,",
        f"{GPU_TESTS} -k masked_batch", "torch",
    ),
    Break(
        "DropConnectDense", "PyTorch: a state that another wrote is not read",
        "_backend/random_draws.py", "and known[1] == tensor._version", "",
        f"{GPU_TESTS} -k seed_generator", "torch",
    ),
    Break(
        "InstanceNormalization", "one group of all channels", "layers/instance_normalization.py",
        "super().__init__(-1, axis", "super().__init__(1, axis",
        f"{GROUP_TESTS} -k instance_is_one_group",
    ),
    Break(
        "DecorrelatedBatchNormalization", "epsilon forgotten", WHITE,
        "self._layout.diagonal(self.epsilon, padding=1.0)",
        "self._layout.diagonal(0.0, padding=1.0)",
        f"{WHITE_TESTS} -k two_batches",
    ),
    Break(
        "DecorrelatedBatchNormalization", "unbiased covariance", WHITE,
        "count = maximum(total_count, 1)", "count = maximum(total_count - 1, 1)",
        f"{WHITE_TESTS} -k two_batches",
    ),
    Break(
        "DecorrelatedBatchNormalization", "momentum the wrong way round", AVERAGE,
        "momentum * average + (1 - momentum) * value",
        "(1 - momentum) * average + momentum * value",
        f"{WHITE_TESTS} -k two_batches",
    ),
    Break(
        "DecorrelatedBatchNormalization", "whitened, not rotated back", "ops/zca_whitening.py",
        "return (vectors * values) @ ops.swapaxes(vectors, -1, -2)",
        "return vectors * values",
        "ops/test_whitening_matrices.py -k inverse_root",
    ),
    Break(
        "DecorrelatedBatchNormalization", "gradient with 1 / (λi - λj)", "ops/zca_whitening.py",
        "(rows * columns * (rows + columns))", "(rows * columns * (rows - columns))",
        "ops/test_whitening_matrices.py -k gradient",
    ),
    Break(
        "DecorrelatedBatchNormalization", "no floor under the eigenvalues", WHITE,
        "smallest=self.epsilon)", "smallest=1e-30)",
        f"{WHITE_TESTS} -k never_nan",
    ),
    Break(
        "DecorrelatedBatchNormalization", "no cast to float32", WHITE,
        "wide_type(inputs.dtype, self.compute_dtype)", "inputs.dtype",
        f"{WHITE_TESTS} -k never_nan",
    ),
    Break(
        "DecorrelatedBatchNormalization", "one replica's statistics", "_backend/replicas.py",
        "return context.all_reduce(tf.distribute.ReduceOp.SUM, tensor)", "return tensor",
        "layers/test_synchronized_statistics.py",
    ),
    Break(
        "DecorrelatedBatchNormalization", "PyTorch: gradient of one rank's part",
        "_backend/replicas.py",
        "return Sum.apply(upstream)", "return upstream.clone()",
        "layers/test_synchronized_statistics.py -m slow", "torch",
    ),
    Break(
        "DecorrelatedBatchNormalization", "PyTorch: gradient without the moments' part",
        "_backend/whitened_batch.py",
        "_product(rows, shift, inner + inner.mT, constant, second)",
        "_product(rows, shift, 0 * inner, constant, second)",
        f"{WHITE_TESTS} -k gradient_against", "torch",
    ),
    Break(
        "DecorrelatedBatchNormalization", "PyTorch: the last piece uncentred",
        "_backend/whitened_batch.py",
        "torch.sub(piece, shift, out=buffer[:, : piece.shape[1]])",
        "torch.sub(piece, shift if start == 0 else 0 * shift, out=buffer[:, : piece.shape[1]])",
        f"{WHITE_TESTS} -k pieces", "torch",
    ),
    Break(
        "Maxout", "the least of the maps", "layers/maxout.py",
        "largest = maximum(", "largest = ops.minimum(",
        "layers/test_maxout.py",
    ),
    Break(
        "Maxout", "pieces and units swapped", "layers/maxout.py",
        "ops.swapaxes(self.kernel, 1, 2)", "self.kernel",
        "layers/test_maxout.py",
    ),
    Break(
        "Whitening", "epsilon added to the standard deviation", "layers/whitening.py",
        "np.sqrt(values + self.epsilon)", "(np.sqrt(values) + self.epsilon)",
        "layers/test_whitening.py",
    ),
    Break(
        "Whitening", "the mean of the last batch", "_feature_statistics.py",
        "self.mean + difference * (count / total)", "mean",
        "layers/test_whitening.py",
    ),
    Break(
        "Whitening", "axis ignored", "layers/whitening.py",
        "(*(axis for axis in range(rank) if axis not in self._axes), *self._axes)",
        "tuple(range(rank))",
        "layers/test_whitening.py",
    ),
    Break(
        "MulticlassHinge", "the right class counted", "losses/multiclass_hinge.py",
        " * (1 - y_true)", "",
        "losses/test_multiclass_hinge.py -k 'loop or lectures'",
    ),
    Break(
        "StochasticDepth", "rescaled in training", "layers/stochastic_depth.py",
        "change = self._change(ops.take(x, kept, axis=0), mask)",
        "change = self._change(ops.take(x, kept, axis=0), mask) / (1 - self.rate)",
        "layers/test_stochastic_depth.py -k stated_size",
    ),
    Break(
        "StochasticDepth", "not scaled at inference", "layers/stochastic_depth.py",
        "return base + (1 - self.rate) * self._change", "return base + self._change",
        "layers/test_stochastic_depth.py -k expected_share",
    ),
    Break(
        "StochasticDepth", "statistics not kept", "layers/stochastic_depth.py",
        "        assign_state(self.branch, state)\n", "",
        "layers/test_stochastic_depth.py -k stay_put",
    ),
    Break(
        "DropPath", "not rescaled", "layers/drop_path.py", "x / (1 - self.rate)", "x",
        "layers/test_drop_connect.py -k drop_path",
    ),
    Break(
        "DropConnect", "not rescaled", "layers/drop_connect.py",
        "weights / (1 - self.rate)", "weights", "layers/test_drop_connect.py -k masked",
    ),
    Break(
        "DropConnect", "frozen weights are assigned", "layers/_wrapped.py",
        "return [variable for variable in layer.variables if id(variable) not in weights]",
        "return layer.non_trainable_variables",
        "layers/test_drop_connect.py -k frozen",
    ),
    Break(
        "DropConnect", "LoRA's product escapes the mask", "layers/drop_connect.py",
        "masked if added is None else masked - added", "masked",
        "layers/test_drop_connect.py -k lora",
    ),
    Break(
        "DecorrelatedBatchNormalization", "masked steps are counted", WHITE,
        "count = ops.sum(positions)", "count = ops.sum(ops.ones_like(positions))",
        "layers/test_masks.py -k no_part",
    ),
    Break(
        "DecorrelatedBatchNormalization", "masked steps get a gradient", WHITE,
        "positions is None else ops.where(positions > 0, rows, 0)\n        moments",
        "True else rows\n        moments",
        "layers/test_masks.py -k gradient",
    ),
    Break(
        "MulticlassHinge", "a label out of range counts nothing", "losses/multiclass_hinge.py",
        'ops.cast(float("nan"), dtype)', "ops.zeros((), dtype)",
        "losses/test_multiclass_hinge.py -k compiled",
    ),
    Break(
        "MulticlassHinge", "sizes may differ", "losses/multiclass_hinge.py",
        "or not all(map(_agree, shape, scores))", "",
        "losses/test_multiclass_hinge.py -k refused",
    ),
    Break(
        "every layer", "float64 through float32 on PyTorch", "_backend/arithmetic.py",
        'return "float64" if "float64" in names else "float32"', 'return "float32"',
        "layers/test_float64.py", "torch",
    ),
    Break(
        "DropConnectDense", "rescaled", "layers/drop_connect_dense.py",
        "masked_product(examples, kernel, masks)[:count]",
        "masked_product(examples, kernel, masks)[:count] / (1 - self.rate)",
        "layers/test_drop_connect_dense.py -k every_mask",
    ),
    Break(
        "DropConnectDense", "the digits of the rate backwards", "_backend/random_draws.py",
        "zip(reversed(needed), draws)", "zip(needed, draws)",
        "layers/test_drop_connect_masks.py -k frequent",
    ),
    Break(
        "DropConnectDense", "one draw for all digits", "_backend/random_draws.py",
        "(draw(math.prod(shape), seed_generator) for _ in needed)",
        "[draw(math.prod(shape), seed_generator)] * len(needed)",
        "layers/test_drop_connect_masks.py -k frequent",
    ),
    Break(
        "DropConnectDense", "a gradient of the kernel without masks", "_backend/masked_product.py",
        "ops.where(bit(index), outer, ops.zeros_like(outer))", "outer",
        "layers/test_drop_connect_masks.py -k products",
    ),
    Break(
        "DropConnectDense", "the bias is never dropped", "ops/drop_connect_moments.py",
        "variance + ops.square(bias)", "variance", "ops/test_dropped_weights.py -k all_masks",
    ),
    Break(
        "DropConnectDense", "no cast to float32", "layers/drop_connect_dense.py",
        "wide_type(self.compute_dtype)\n        bias = None",
        "self.compute_dtype\n        bias = None",
        "layers/test_drop_connect_dense.py -k half_precision",
    ),
    Break(
        "FractionalMaxPooling2D", "rows and columns swapped", "ops/fractional_max_pool.py",
        "for starts in (row_starts, column_starts)", "for starts in (column_starts, row_starts)",
        "ops/test_fractional_max_pool.py -k loop",
    ),
    Break(
        "GhostBatchNormalization", "what fills the last part up counts", GHOST,
        "there = ops.cast(ops.arange(parts * size) < examples, rows.dtype)",
        "there = ops.cast(ops.arange(parts * size) >= 0, rows.dtype)", f"{GHOST_TESTS} -k own",
    ),
    Break(
        "GhostBatchNormalization", "one part for all", GHOST,
        "size = _smaller(self.size, shape[0])", "size = shape[0]", f"{GHOST_TESTS} -k own",
    ),
    Break(
        "GhostBatchNormalization", "masked steps are counted", GHOST,
        "else _in_parts(positions, size)", "else _in_parts(ops.ones_like(positions), size)",
        "layers/test_masks.py -k ghost_batch",
    ),
    Break(
        "GhostBatchNormalization", "a part that is masked completely moves the averages", GHOST,
        "counts = ops.cast(count > 0, statistic.dtype)", "counts = ops.ones_like(count)",
        "layers/test_masks.py -k masked_completely",
    ),
    Break(
        "GhostBatchNormalization", "an empty batch moves the averages", GHOST,
        "self.momentum, parts > 0)", "self.momentum, parts >= 0)",
        "layers/test_masks.py -k empty_batch",
    ),
    Break(
        "GhostBatchNormalization", "a frozen layer still has the batch's statistics", GHOST,
        "if training and self.trainable:", "if training:", f"{GHOST_TESTS} -k own",
    ),
    Break(
        "FractionalMaxPooling2D", "PyTorch: all gradient to the last place",
        "_backend/pooled_windows.py",
        "threshold_backward(change, lead, 0)", "threshold_backward(change, 0 * lead, 0)",
        "ops/test_fractional_max_pool.py -k gradient", "torch",
    ),
    Break(
        "FractionalMaxPooling2D", "PyTorch: one sample's windows for all",
        "_backend/pooled_windows.py",
        "return lines[..., None] * length + places[:, None]",
        "return lines[..., None] * length + places[:1, None]",
        "ops/test_fractional_max_pool.py -k loop", "torch",
    ),
    Break(
        "FractionalMaxPooling2D", "α of disjoint regions", "ops/fractional_regions.py",
        "_increasing(size_in - 2, size_out - 1, size_out, u)",
        "_increasing(size_in, size_out, size_out, u)",
        "ops/test_fractional_regions.py -k starts",
    ),
    Break(
        "every layer", "an option left out of the config", "layers/_scale_and_center.py",
        'config = {"axis": self.axis, "epsilon": self.epsilon}', 'config = {"axis": self.axis}',
        f"{CONTRACT} -k 'saved and GroupNormalization'",
    ),
    Break(
        "DropPath", "all replicas drop the same examples", "_backend/random_draws.py",
        "state += tf.stack([OF_REPLICA * tf.cast(replica, state.dtype), 0])", "pass",
        REPLICA_TESTS,
    ),
    Break(
        "DropPath", "a replica draws what another drew a step before", "_backend/random_draws.py",
        "tf.stack([OF_REPLICA * tf.cast(replica, state.dtype), 0])",
        "tf.stack([0, tf.cast(replica, state.dtype)])",
        REPLICA_TESTS,
    ),
    Break(
        "DropConnect", "a mask of each replica", "layers/drop_connect.py", "common=True",
        "common=False", REPLICA_TESTS,
    ),
]  # fmt: skip
