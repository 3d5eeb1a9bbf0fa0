"""Breaks of `preflight`."""

from tests.breaks.table import Break

FAULT = "preflight/test_preflight.py -k 'found_and_named and {}'"
START, LABELS, RATE = (
    f"preflight/{name}.py" for name in ("start_checks", "label_checks", "rate_check")
)

BREAKS = [
    Break(
        "preflight", "one softmax too many is not counted", START,
        "if softmaxes > 1:", "if softmaxes > 2:",
        FAULT.format("softmax_twice"),
    ),
    Break(
        "preflight", "logits are taken for probabilities", START,
        'if head.takes == "probabilities" and not probabilities:',
        'if head.takes == "probabilities" and probabilities is None:',
        FAULT.format("logits_for_probabilities"),
    ),
    Break(
        "preflight", "the mean of the inputs does not count", START,
        "rms, std = float(np.sqrt((values**2).mean())), float(values.std())",
        "rms, std = 0.0, float(values.std())",
        FAULT.format("pixels_unnormalized"),
    ),
    Break(
        "preflight", "dead layers pass", START,
        'if v != "fine" and n not in outputs}', 'if v == "not finite" and n not in outputs}',
        FAULT.format("dead_relus"),
    ),
    Break(
        "preflight", "frozen statistics of a new layer pass", START,
        "return bool(means) and not any(to_numpy(v).any() for v in means)", "return False",
        FAULT.format("normalization_frozen"),
    ),
    Break(
        "preflight", "a rate that is too low is not tried", RATE,
        "if peak < TOO_LOW * steepest:", "if peak < 0 * steepest:",
        FAULT.format("rate_1000_times_too_low"),
    ),
    Break(
        "preflight", "shared examples are counted in training alone", LABELS,
        "shared = int(np.isin(theirs, ours).sum())", "shared = int(np.isin(theirs, []).sum())",
        FAULT.format("validation_leaks"),
    ),
    Break(
        "preflight", "labels that nothing relates to the inputs pass", LABELS,
        "    if found.is_seen:\n", "    if True:\n",
        FAULT.format("shuffled_labels"),
    ),
    Break(
        "preflight", "random generators stay as the checks left them", "preflight/kept_state.py",
        "        random.setstate(python)\n", "",
        "preflight/test_preflight.py -k unchanged",
    ),
    Break(
        "gradient_errors", "a gradient that is not finite passes", "preflight/gradient_errors.py",
        "return np.inf", "return 0.0",
        "preflight/test_gradient_errors.py",
    ),
    Break(
        "gradient_errors", "one-sided differences", "preflight/gradient_errors.py",
        "for s in (1, -1)]", "for s in (1, 0)]",
        "preflight/test_gradient_errors.py",
    ),
]  # fmt: skip
