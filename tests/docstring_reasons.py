"""Why a public name has no example, or no source, of its own."""


def names(room, words):
    """Return the full names of a room's names."""
    return tuple(f"{room}.{word}" for word in words.split())


# Names without an example, and where they are shown: a public name, or a file that uses them.
SHOWN_BY = {
    "augment.Report": "augment.benchmark",
    "augment.Transform": "augment.RandomFlip",
    "callbacks.LayerStatistics": "callbacks.ActivationStatistics",
    "data.ImageStream": "kerasrecipes/data/tfds_source.py",
    "evaluation.ClassesTask": "evaluation.task_of",
    "evaluation.DepthCurve": "evaluation.depth_figure",
    "evaluation.MeanInterval": "evaluation.mean_interval",
    "evaluation.MultilabelTask": "evaluation.task_of",
    "evaluation.PairedTest": "evaluation.paired_test",
    "evaluation.RegressionTask": "evaluation.task_of",
    "evaluation.TestResult": "evaluation.mistakes_figure",
    "experiment.Comparison": "recipes/drop_connect.py",
    "experiment.ComparisonConfig": "recipes/ensemble.py",
    "experiment.Crops": "experiment.choose_crops",
    "experiment.Interruption": "kerasrecipes/experiment/run.py",
    "experiment.Run": "experiment.run",
    "experiment.RunFinished": "kerasrecipes/experiment/run.py",
    "experiment.RunFolder": "recipes/style_transfer.py",
    "experiment.ablate": "recipes/modern.py",
    "experiment.calibrated": "recipes/resnet_crop.py",
    "experiment.close_fine_tuning": "recipes/finetune.py",
    "experiment.close_run": "recipes/resnet_crop.py",
    "experiment.close_table": "recipes/baselines.py",
    "experiment.command_line": "recipes/resnet_crop.py",
    "experiment.configure": "kerasrecipes/experiment/run.py",
    "experiment.fitted_task": "recipes/resnet_crop.py",
    "experiment.to_beat": "recipes/resnet_crop.py",
    "experiment.watching": "kerasrecipes/search/trial.py",
    "experiment.with_temperature": "kerasrecipes/experiment/finetuning.py",
    "flags.DryRunEnded": "kerasrecipes/experiment/dry_run.py",
    "flags.check_output_file": "recipes/predict.py",
    "inference.MonteCarloPrediction": "inference.monte_carlo_predict",
    "inference.Reliability": "inference.reliability",
    "initializers.LayerScale": "initializers.LSUV",
    "search.Study": "recipes/search.py",
    "search.close_search": "recipes/search.py",
    "search.recipe_of": "recipes/search.py",
    "search.run_trial": "recipes/search.py",
    "search.trial_line": "recipes/search.py",
    "serving.Classifier": "serving.load_classifier",
    "serving.Explanation": "serving.grad_cam",
    "serving.Export": "kerasrecipes/serving/export.py",
    "serving.export_model": "kerasrecipes/experiment/closing.py",
    "serving.serving_classifier": "kerasrecipes/experiment/finetuning.py",
    "transfer.Plan": "transfer.advise",
    "transfer.ProbeResult": "transfer.linear_probe",
    "transfer.StageProbe": "transfer.linear_probe",
}

# Names that cite nothing, by the reason; a room with a full stop is all of it.
WITHOUT_SOURCE = {
    "software, no technique": ("data.", "experiment.", "flags.", "search.", "serving.")
    + names(
        "augment", "DecodeImage OnDevice Report Transform benchmark export_jpeg_classifier pipeline"
    )
    + ("callbacks.Resume", "layers.ClassNames", "schedules.Scaled", "schedules.preview"),
    "arithmetic that needs no source": names(
        "augment.functional",
        "adjust_brightness adjust_contrast adjust_hue adjust_saturation auto_contrast center_crop "
        "center_offset crop equalize flip image_size normalize pad_crop posterize rectangle_mask "
        "resize resize_crop resize_window restore_dtype sharpen short_side_size solarize "
        "ten_windows to_grey warp warp_affine",
    )
    + ("augment.Normalize", "layers.PixelScaling", "models.multiply_adds", "models.stages")
    + ("callbacks.PlateauFactor", "models.normalization_layer"),
    "a result, whose function cites": ("callbacks.LayerStatistics", "initializers.LayerScale")
    + names("evaluation", "DepthCurve MeanInterval PairedTest TestResult")
    + names("inference", "MonteCarloPrediction Reliability")
    + names("preflight", "Check Preflight")
    + names("transfer", "Phase Plan ProbeResult StageProbe"),
    "a metric of every textbook": names(
        "evaluation",
        "ClassesTask MultilabelTask RegressionTask average_precision best_thresholds "
        "classification_metrics confusion_matrix how_good loss_difference nearest_neighbours "
        "pixel_baselines run_tests task_of winner",
    ),
    "a picture": names(
        "evaluation",
        "confusion_figure depth_figure explanation_figure figure_png history_figure image_grid "
        "image_png intervals_figure label_scores_figure mistakes_figure predictions_figure "
        "probe_figure right_figure samples_figure samples_title scatter_figure templates_figure "
        "thumbnail",
    ),
}
