"""One cycle in both shapes, beside step decay."""

from matplotlib import pyplot as plt

from kerasrecipes import schedules

TOTAL = 1000


def draw():
    """Rates of a training of 1,000 steps."""
    figure, axis = plt.subplots()
    shown = {
        "one cycle, cosine": schedules.OneCycle(0.4, TOTAL),
        "one cycle, linear": schedules.OneCycle(0.4, TOTAL, shape="linear"),
        "step decay": schedules.StepDecay(0.1, [500, 750]),
    }
    for label, schedule in shown.items():
        axis.plot(schedules.preview(schedule, TOTAL), label=label)
    axis.set(xlabel="step", ylabel="learning rate")
    axis.legend()
    return figure
