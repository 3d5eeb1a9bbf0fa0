"""Breaks of `callbacks`."""

from tests.breaks.table import Break

POLYAK_TESTS, MANY_FITS = "callbacks/test_polyak_averaging.py", "callbacks/test_many_fits.py"
AVERAGES = "_backend/averaging.py"
RATE, SGDR = "callbacks/_rate.py", "callbacks/sgdr.py"
CONTROL = "callbacks/_rate_control.py"
RATIO, RATIO_TESTS = "callbacks/update_ratio.py", "callbacks/test_update_ratio.py"
SGDR_TESTS, PLATEAU_TESTS = "callbacks/test_sgdr.py", "callbacks/test_plateau_factor.py"
BEST, BEST_TESTS = "callbacks/best_snapshot.py", "callbacks/test_best_snapshot.py"
PROCESS_TESTS = "callbacks/test_jax_processes.py"
FAULT_TESTS = "callbacks/test_jax_faults.py -m slow"
RESUME, RESUME_TESTS = "callbacks/resume.py", "callbacks/test_resume.py"
STATE, FOLDER = "callbacks/_training_state.py", "callbacks/_state_folder.py"
FINDER = "callbacks/learning_rate_finder.py"
FINDER_TESTS = "callbacks/test_learning_rate_finder.py"
LOOK = "callbacks/activation_statistics.py"
WATCHED = "callbacks/_watched_layers.py"
REPLICA_TESTS = "callbacks/test_two_replicas.py -m slow"
LOOK_TESTS = "callbacks/test_activation_statistics.py"

BREAKS = [
    Break(
        "processes",
        "all of them write",
        "_backend/processes.py",
        "return process_number() == 0",
        "return True",
        f"{PROCESS_TESTS} -m slow",
        "jax",
    ),
    Break(
        "processes",
        "the first saves under the distribution, and waits for the others",
        "_backend/processes.py",
        "keras.distribution.set_distribution(None)",
        "pass",
        f"{PROCESS_TESTS} -k equal_one -m slow",
        "jax",
    ),
    Break(
        "BestSnapshot",
        "a process that raises restores, and waits for the others",
        BEST,
        "if error is None or process_count() == 1:",
        "if True:",
        f"{FAULT_TESTS} -k not_lost",
        "jax",
    ),
    Break(
        "Resume",
        "only the first compares its data",
        RESUME,
        "by_each(check_state, then,",
        "by_first(check_state, then,",
        f"{FAULT_TESTS} -k its_own_data",
        "jax",
    ),
    Break(
        "LearningRateFinder", "skipped batches do not count", FINDER,
        "_rate.count_skipped_batches(model, self.optimizer)", "pass",
        f"{FINDER_TESTS} -k loss_scale",
    ),
    Break(
        "PlateauFactor", "a schedule times 1 after each fit", RATE,
        "    if factor == 1:\n", "    if False:\n", f"{PLATEAU_TESTS} -k without_a_plateau",
    ),
    Break(
        "SnapshotEnsemble", "all outputs have the first one's loss",
        "callbacks/_with_probabilities.py",
        "return list(loss) if isinstance(loss, (list, tuple)) else [loss] * count",
        "return [keras.tree.flatten(loss)[0]] * count",
        "callbacks/test_snapshot_ensemble.py -k each_output",
    ),
    Break(
        "SnapshotEnsemble",
        "each process reads its own disk",
        "callbacks/snapshot_ensemble.py",
        "with file_of_first(self._path(epoch)) as path:",
        "for path in [self._path(epoch)]:",
        f"{FAULT_TESTS} -k snapshots_are_read",
        "jax",
    ),
    Break(
        "Resume",
        "each process writes states",
        RESUME,
        "if not (is_first() and _training_state.can_be_saved(model)):",
        "if not _training_state.can_be_saved(model):",
        f"{PROCESS_TESTS} -k alone_writes -m slow",
        "jax",
    ),
    Break(
        "PolyakAveraging", "another warm-up", AVERAGES,
        "warm_up / (10.0 + ops.maximum(t, 0.0))", "warm_up / (11.0 + ops.maximum(t, 0.0))",
        f"{POLYAK_TESTS} -k average_is_the_formula",
    ),
    Break(
        "PolyakAveraging", "a step without an update counts", AVERAGES,
        "return ops.where(after > before, fraction, 0.0)", "return fraction",
        f"{POLYAK_TESTS} -k accumulated",
    ),
    Break(
        "PolyakAveraging", "trains on from the averages", AVERAGES,
        "variable.assign(raw)", "raw.assign(variable)",
        f"{POLYAK_TESTS} -k raw_weights_train_on", "tensorflow",
    ),
    Break(
        "PolyakAveraging", "averages in the weights' own short type", AVERAGES,
        'return "float64" if variable.dtype == "float64" else "float32"', "return variable.dtype",
        f"{POLYAK_TESTS} -k kept_in_float32",
    ),
    Break(
        "PolyakAveraging", "a step compiled again in each fit", AVERAGES,
        "if train_function not in self.functions:", "if True:",
        f"{MANY_FITS} -k compiled_once_a_model", "tensorflow",
    ),
    Break(
        "UpdateRatio", "against the weights after the step", RATIO,
        "size, change = np.linalg.norm(before),", "size, change = np.linalg.norm(after),",
        f"{RATIO_TESTS} -k written_by_hand",
    ),
    Break(
        "UpdateRatio", "the averages in place of the raw weights", RATIO,
        "if averaging := self.peers(PolyakAveraging):", "if averaging := []:",
        f"{RATIO_TESTS} -k beside_an_average",
    ),
    Break(
        "UpdateRatio", "a last execution that is shorter counts in full", RATIO,
        'self.params["steps"] - self._batch)', "size)",
        f"{RATIO_TESTS} -k execution_of_several",
    ),
    Break(
        "UpdateRatio", "accumulation within a loss scale is not seen", RATIO,
        "max((group for _, group in counters_of_updates(model)), default=1)",
        "model.optimizer.gradient_accumulation_steps or 1",
        f"{RATIO_TESTS} -k within_a_loss_scale",
    ),
    Break(
        "UpdateRatio", "biases of attention are measured", RATIO,
        ' and variable.name != "bias"', "", f"{RATIO_TESTS} -k biases_of_two",
    ),
    Break(
        "SGDR", "rate of the next batch in History", CONTROL,
        "self.counted_without_data - 1", "self.counted_without_data",
        f"{SGDR_TESTS} -k papers_rate",
    ),
    Break(
        "SGDR", "its schedule stays after fit", SGDR,
        "control.stop()", "pass",
        f"{SGDR_TESTS} -k left_as_it_was",
    ),
    Break(
        "PlateauFactor", "NaN is an improvement", "callbacks/plateau_factor.py",
        "math.isnan(self._best) and not math.isnan(value) or", "not value <= self._best or",
        f"{PLATEAU_TESTS} -k nan_is_no",
    ),
    Break(
        "PlateauFactor", "factor forgotten by a schedule", RATE,
        "Scaled(own, factor)", "Scaled(own, 1.0)",
        f"{PLATEAU_TESTS} -k lower_rate_stays",
    ),
    Break(
        "BestSnapshot", "a tie takes the later epoch", BEST,
        "sign * (value - best) > least", "sign * (value - best) >= least",
        f"{BEST_TESTS} -k model_optimizer_and_statistics",
    ),
    Break(
        "BestSnapshot", "the file of an earlier training is taken silently", BEST,
        "if not other.has_state()]", "if False]",
        f"{BEST_TESTS} -k begins_anew",
    ),
    Break(
        "BestSnapshot", "the file of a model compiled otherwise is taken silently", BEST,
        "return _best_file.difference(stored, self._description)", 'return ""',
        f"{BEST_TESTS} -k compiled_otherwise",
    ),
    Break(
        "SGDR", "a rival that sets the rate too is not said", "callbacks/_rate_rivals.py",
        "if isinstance(rival, RIVALS):", "if False:",
        f"{PLATEAU_TESTS} -k sets_the_rate_too",
    ),
    Break(
        "BestSnapshot", "the file of the phase before is called another training's", BEST,
        " or self._kept.own_file == self.filepath", "",
        "transfer/test_fine_tune.py -k best_file_of_a_phase",
    ),
    Break(
        "BestSnapshot", "the next part of a run is said to begin anew", RESUME,
        "self._whole.has_state() if self._whole else ", "",
        f"{BEST_TESTS} -k begins_nothing_anew",
    ),
    Break(
        "SnapshotEnsemble", "a loss that tells no softmax gets one silently",
        "callbacks/snapshot_ensemble.py", "if loss is not None:", "if False:",
        "callbacks/test_snapshot_ensemble.py -k scores_of_any_loss",
    ),
    Break(
        "BestSnapshot", "the model without its optimizer", "callbacks/_kept_snapshot.py",
        "_training_state.variables(model).items()",
        "_training_state.model_variables(model).items()",
        f"{BEST_TESTS} -k model_optimizer_and_statistics",
    ),
    Break(
        "BestSnapshot", "patience one epoch longer", BEST,
        "self._wait >= self.patience:", "self._wait > self.patience:",
        f"{BEST_TESTS} -k patience_counts",
    ),
    Break(
        "Resume", "slots of the optimizer are left out", STATE,
        "for prefix, optimizer in optimizers(model).items():", "for prefix, optimizer in []:",
        f"{RESUME_TESTS} -k more_epochs",
    ),
    Break(
        "Resume", "running metrics are left out", RESUME,
        "_training_state.assign_values(_training_state.metric_variables(model), self._metrics)",
        "pass",
        f"{RESUME_TESTS} -k killed_inside_epochs",
    ),
    Break(
        "Resume", "PyTorch's draws restored after an epoch's loader drew",
        "callbacks/_resumed_random_state.py",
        "if self._begins_again and not is_cut:", "if False:",
        f"{RESUME_TESTS} -k draws_without_a_seed", "torch",
    ),
    Break(
        "Resume", "checksum not compared", "callbacks/_state_file.py",
        "if hashlib.sha256(content[:-DIGEST]).digest() != content[-DIGEST:]:", "if False:",
        f"{RESUME_TESTS} -k damaged_file",
    ),
    Break(
        "Resume", "keeps one state less than asked", FOLDER,
        "files[self.keep :]", "files[self.keep - 1 :]",
        f"{RESUME_TESTS} -k as_many_as_asked",
    ),
    Break(
        "FitCallback", "a callback ends before the others were restored", "callbacks/_fit.py",
        'self._run("_before_end", "_end", "_finish", "_after_end")',
        'self._run("_end", "_before_end", "_finish", "_after_end")',
        "callbacks/test_fit_callback.py -k every_hook",
    ),
    Break(
        "SnapshotEnsemble", "the last of the cycle's epochs missed",
        "callbacks/snapshot_ensemble.py",
        "(epoch + 1) % self.every_epochs == 0", "epoch % self.every_epochs == 0",
        "callbacks/test_snapshot_ensemble.py -k every_epochs",
    ),
    Break(
        "LearningRateFinder", "the model keeps what was tried", FINDER,
        "_training_state.assign_values(_training_state.variables(model), self._found)", "pass",
        f"{FINDER_TESTS} -k as_they_were",
    ),
    Break(
        "LearningRateFinder", "average of the losses without its correction", FINDER,
        "self._sum / (1 - self.smoothing ** len(self.losses))", "self._sum",
        f"{FINDER_TESTS} -k geometrically",
    ),
    Break(
        "ActivationStatistics", "dead units of one example", LOOK,
        ".all(axis=0)", ".any(axis=0)",
        f"{LOOK_TESTS} -k float64",
    ),
    Break(
        "ActivationStatistics", "gradient's mean instead of its root mean square", LOOK,
        "np.sqrt(np.mean(np.concatenate(squares)))", "np.mean(np.concatenate(squares))",
        f"{LOOK_TESTS} -k float64",
    ),
    Break(
        "ActivationStatistics", "layers of many outputs vanish", LOOK,
        "layer.gradient * np.sqrt(layer.counts.sum())", "layer.gradient",
        f"{LOOK_TESTS} -k many_outputs",
    ),
    Break(
        "ActivationStatistics", "probabilities are a measure of gradients", LOOK,
        "for layer in record.values() if not layer.is_output]", "for layer in record.values()]",
        f"{LOOK_TESTS} -k small_probability",
    ),
    Break(
        "ActivationStatistics", "an activation has units on the last axis", WATCHED,
        "            data_format = before\n", "            pass\n",
        f"{LOOK_TESTS} -k unit_is_a_channel",
    ),
    Break(
        "ActivationStatistics", "cells in place of recurrent layers", WATCHED,
        "inner = [] if isinstance(layer, LOOPS) else direct_sublayers(layer)",
        "inner = direct_sublayers(layer)",
        f"{LOOK_TESTS} -k looked_at_as_one",
    ),
    Break(
        "ActivationStatistics", "only the first tensor of a structure", "callbacks/_probe.py",
        "    seen.append(tensor)\n", "    seen[:] = seen or [tensor]\n",
        f"{LOOK_TESTS} -k count_together",
    ),
    Break(
        "monitor", "less is better for accuracy", "callbacks/_monitor.py",
        'return 1 if mode == "max" else -1', 'return -1 if mode == "max" else 1',
        f"{BEST_TESTS} -k model_optimizer_and_statistics",
    ),
    Break(
        "PolyakAveraging", "averages of one replica alone", AVERAGES,
        "with scope_of(model):", "if True:", REPLICA_TESTS,
    ),
    Break(
        "LearningRateFinder", "a variable of several devices as an int", CONTROL,
        "return int(ops.convert_to_numpy(count))", "return int(count)", REPLICA_TESTS,
    ),
]  # fmt: skip
