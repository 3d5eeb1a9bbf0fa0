"""The rates of every schedule."""

from matplotlib import pyplot as plt

from kerasrecipes import schedules

STEPS = 400
SHOWN = {
    "WarmRestarts(0.1, 56)": schedules.WarmRestarts(0.1, 56),
    "WarmRestarts(0.1, 56, peak_multiplier=0.5, warmup=16)": schedules.WarmRestarts(
        0.1, 56, peak_multiplier=0.5, warmup=16
    ),
    "SnapshotCosine(0.1, 400, cycles=4)": schedules.SnapshotCosine(0.1, STEPS, 4),
    "OneCycle(0.1, 400)": schedules.OneCycle(0.1, STEPS),
    'OneCycle(0.1, 400, shape="linear")': schedules.OneCycle(0.1, STEPS, shape="linear"),
    "StepDecay(0.1, [200, 300], warmup=20)": schedules.StepDecay(0.1, [200, 300], warmup=20),
    "Scaled(OneCycle(0.1, 400), 0.5)": schedules.Scaled(schedules.OneCycle(0.1, STEPS), 0.5),
}


def draw():
    """A panel for each, with the same axes."""
    figure, axes = plt.subplots(4, 2, figsize=(7.2, 7), sharex=True, sharey=True)
    for axis, (title, schedule) in zip(axes.flat, SHOWN.items()):
        axis.plot(schedules.preview(schedule, STEPS))
        axis.set_title(title, fontsize=7)
    axes[-1, -1].axis("off")
    axes[-1, 0].set_xlabel("step")
    return figure
