"""Fine-tune a pretrained network: from class folders of photos to a classifier that serves.

Donahue et al., 2013, https://arxiv.org/abs/1310.1531: a linear classifier on a pretrained network's
features beats what few images can train. It is fitted by L-BFGS, its strength cross-validated. With
more images deeper layers are fine-tuned from there: `--plan auto` chooses by the table of CS231n.

    python recipes/finetune.py  # centre crop 91.3 ± 0.0%, 2 x 160 s
    python recipes/finetune.py --data FOLDER
    python recipes/finetune.py --data FOLDER --plan many --epochs 10 --temperature --export onnx
    python recipes/predict.py runs/finetune/TIME IMAGE ...

A run leaves a report, figures and `model.keras`. Full size not run; results: recipes/README.md.
"""

import dataclasses

from kerasrecipes_flags import CROPS, TASKS, TrainingConfig, flag, parse_first

FEW_IMAGES, SMALL_SIZE, SMALLEST_PHOTO, AREA = 2000, 96, 100, (0.35, 1.0)
IMAGES_SEEN, FEWEST_EPOCHS, MOST_EPOCHS = 10_000, 3, 10
QUICK = {"folds": 2, "regularization": (1.0, 0.1, 0.01)}  # the search for more than FEW_IMAGES
CELLS = {"linear": (1, True), "stages": (1, False), "few": (10**6, True), "many": (10**6, False)}
PLAN = "linear (classifier on top), stages (the best of several), few or many (layers fine-tuned)"
SIMILAR = f"whether they are like ImageNet's; auto: in colour, from {SMALLEST_PHOTO} px"
EPOCHS = f"{FEWEST_EPOCHS} to {MOST_EPOCHS}, to see {IMAGES_SEEN:,} images"
SIZE = f"the backbone's; {SMALL_SIZE} for more than {FEW_IMAGES:,} smaller images"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TrainingConfig):
    """The flags of this recipe, over those of every training recipe."""

    task: str = flag("classes", "what the labels of a CSV are", choices=TASKS)
    epochs: int | None = flag(None, f"epochs of fine-tuning (default: {EPOCHS})", "[1, 1000000]")
    batch_size: int = flag(32, "images per step", "[1, 4096]")
    plan: str = flag("auto", f"{PLAN}; auto: by advise", choices=("auto", *CELLS))
    similar: str = flag("auto", SIMILAR, choices=("auto", "yes", "no"))
    backbone: str = flag("efficientnet_lite0", "efficientnet_lite0, 1, 2 or of keras.applications")
    weights: str = flag("imagenet", "weights of the backbone: imagenet, or a local file")
    size: int | None = flag(None, f"side of images in pixels (default: {SIZE})", "[32, 4096]")
    crops: str = flag("inception", "crops of fine-tuning, with their tests", choices=CROPS)
    learning_rate: float | None = flag(None, "highest rate (default: the plan's)", "(0, inf)")
    class_weights: bool = flag(False, "give classes of unequal size an equal say")
    temperature: bool = flag(False, "calibrate the probabilities by temperature scaling")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import augment, callbacks, data, evaluation, experiment, models, transfer
from kerasrecipes.schedules import WarmRestarts

import keras


def main(config):
    """Train, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "finetune") as run:
        images = data.load(config.data, **config.data_options())
        plan, phase = choose_plan(config, images)
        if phase and images.validation is None:
            images = data.load(config.data, (0.9, 0.1), **config.data_options())
        print(experiment.describe_images(images))
        backbone = make_backbone(config, images)
        size = backbone.input_shape[1]
        crop = augment.CenterCrop(size, size if images.short_side < size else None, channels=3)
        weights = experiment.class_weights(images) if config.class_weights else None
        probe = fit_head(config, plan, phase, images, crop, backbone, weights)
        task, best = evaluation.task_of(images), probe.best
        top = {"stage": best.stage, "activation": task.activation}
        crops = phase and experiment.choose_crops(config.crops, images, size, area=AREA, channels=3)
        with run.replicas.scope():
            backbone = run.replicas.on_all_devices(backbone)
            model = transfer.classifier(backbone, images.num_classes, **top)
            model.get_layer("classifier").set_weights(task.head_weights(best.kernel, best.bias))
            model = task.head(model)
            history = phase and fine_tune(run, phase, images, crops, crop, model, weights, task)
        return experiment.close_fine_tuning(run, model, images, crops, crop, plan, probe, history)


def choose_plan(config, images):
    """The plan, said aloud with why, and what it fine-tunes after the linear classifier if any."""
    photos = images.channels == 3 and images.short_side >= SMALLEST_PHOTO
    similar = photos if config.similar == "auto" else config.similar == "yes"
    plan = transfer.advise(images.train_size / images.num_classes, similar)
    if config.plan != "auto":
        plan = transfer.advise(*CELLS[config.plan])
        plan = dataclasses.replace(plan, reason=f"asked for by --plan {config.plan}")
    print(f"Plan: {plan.cell}: {plan.reason}.")
    if len(plan.phases) == 1:
        if unused := experiment.unused_flags(config):
            print(f"Nothing is fine-tuned, so that these flags have no effect: {unused}.")
        return plan, None
    enough = min(max(IMAGES_SEEN // images.train_size, FEWEST_EPOCHS), MOST_EPOCHS)
    phase, rate = plan.phases[1], config.learning_rate or plan.phases[1].learning_rate
    return plan, dataclasses.replace(phase, epochs=config.epochs or enough, learning_rate=rate)


def make_backbone(config, images):
    """The pretrained network, for images of the size that was asked for or that suits them."""
    small = images.train_size > FEW_IMAGES and images.short_side < SMALL_SIZE
    size = config.size or (SMALL_SIZE if small else None)
    return models.backbone(config.backbone, config.weights, size and (size, size, 3))


def batches(config, dataset, crop, weighted=False):
    """The test crops of images, in order, with their weights if they have any."""
    return augment.pipeline(dataset, [crop], config.batch_size, training=False, weighted=weighted)


def fit_head(config, plan, phase, images, crop, backbone, weights):
    """Linear classifiers on the last stage, for different data on each; the head is the best."""
    training, validation = batches(config, images.train, crop, weighted=True), None
    if images.test and images.validation and not phase:
        training = training.concatenate(batches(config, images.validation, crop, weighted=True))
    elif images.test and images.validation:
        validation = batches(config, images.validation, crop)
    last_alone = not plan.probe_stages and (phase is None or phase.train != "all")
    stages = models.stages(backbone)[-1 if last_alone else 0 :]
    if config.dry_run:
        return experiment.dry_run_features(backbone, training, stages, images, ends=not phase)
    search = {"class_weight": weights, "task": images.task}
    search |= QUICK if images.train_size > FEW_IMAGES else {}
    print(probe := transfer.linear_probe(backbone, training, validation, stages, **search))
    return probe


def fine_tune(run, phase, images, crops, crop, model, weights, task):
    """Train deeper layers, beginning with the linear classifier; keep the best snapshot."""
    config, (source, weights) = run.config, experiment.weighted_source(images.train, weights)
    whole, size = run.replicas.count > 1, config.batch_size  # whether all have one size
    steps = max(1, (images.train_size + (0 if whole else size - 1)) // size)
    rates = WarmRestarts(phase.learning_rate, total := phase.epochs * steps, warmup=total // 20)

    def begin_at(step):
        options = {"seed": config.seed, "start_step": step, **run.replicas.batching(config, source)}
        return augment.pipeline(source, crops.train, training=True, **options)

    compiled = {} if task.name == "classes" else {"loss": task.loss()}
    compiled |= run.replicas.metrics(task.compiled_metrics())
    return transfer.fine_tune(
        model, begin_at, [dataclasses.replace(phase, learning_rate=rates)],
        validation_data=run.replicas.held_out(batches(config, images.validation, crop)),
        optimizer=keras.optimizers.Adam(**config.optimizer_options()),
        callbacks=[*run.callbacks(images), callbacks.BestSnapshot("val_loss")],
        steps_per_epoch=steps, class_weight=weights, jit_compile=run.jit, verbose=0, **compiled,
    )  # fmt: skip


if __name__ == "__main__":
    experiment.command_line(main, Config)
