"""What ResNet-50 on ImageNet needs of input, network and storage: computed, not measured.

    python benchmarks/scale.py          # prints the tables of docs/scale.md

Rates were measured on one NVIDIA H100 with 16 cores on 26 November 2026; that N accelerators take
N times as much is assumed.
"""

STEP_RATE = 5_200  # images a second that ResNet-50 takes, bfloat16, batch 256
FED_RATE = 3_600  # the same in `fit`, fed by the pipeline on the 16 cores beside it
PIPELINE = {1: 845, 2: 1_294, 4: 2_260, 8: 3_601, 16: 4_176}  # images a second by threads, 224x224
BATCH = 256  # of one accelerator
IMAGES, BYTES = 1_281_167, 137.8e9  # the training set of ILSVRC 2012, and its archive
EPOCHS = 90
PARAMETERS = 25_557_032
PIXELS = 224 * 224 * 3
ACCELERATORS = (1, 8, 256)


def needs(count, threads=16):
    """Dict of what `count` accelerators need, in the units of its keys.

    Args:
        count: int >= 1, accelerators.
        threads: one of `PIPELINE`, threads of each process of the pipeline.
    """
    rate = STEP_RATE * count
    return {
        "images a second": rate,
        "cores": rate / (PIPELINE[threads] / threads),
        "JPEGs read, GB/s": rate * BYTES / IMAGES / 1e9,
        "decoded batches, uint8, GB/s": rate * PIXELS / 1e9,
        "decoded batches, float32, GB/s": rate * PIXELS * 4 / 1e9,
        "gradients sent by each accelerator, float32, GB/s": (
            2 * (count - 1) / count * PARAMETERS * 4 * STEP_RATE / BATCH / 1e9
        ),
        f"hours for {EPOCHS} epochs": EPOCHS * IMAGES / rate / 3600,
        "accelerator hours": EPOCHS * IMAGES / STEP_RATE / 3600,
        "accelerator hours at the rate of `fit` with 16 cores each": (
            EPOCHS * IMAGES / FED_RATE / 3600
        ),
    }


def needs_table():
    """Markdown: what each number of accelerators needs."""
    columns = [needs(count) for count in ACCELERATORS]
    head = "| Accelerators | " + " | ".join(map(str, ACCELERATORS)) + " |"
    lines = [head, "|---|" + "---|" * len(columns)]
    for name in columns[0]:
        lines.append(
            f"| {name} | " + " | ".join(_number(column[name]) for column in columns) + " |"
        )
    return "\n".join(lines)


def threads_table():
    """Markdown: cores for one accelerator, by the threads of a process of the pipeline."""
    lines = ["| Threads of a process | images a second | of one core | cores an accelerator |"]
    lines.append("|---|---|---|---|")
    for threads, rate in PIPELINE.items():
        cores = needs(1, threads)["cores"]
        lines.append(f"| {threads} | {rate:,} | {rate / threads:,.0f} | {cores:.1f} |")
    return "\n".join(lines)


def _number(value):
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


if __name__ == "__main__":
    print(needs_table(), threads_table(), sep="\n\n")
