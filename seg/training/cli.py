"""The command line of one run, on LightningCLI."""

import errno
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI

from seg.data.module import BoundaryDataModule
from seg.model.checkpoint_io import AtomicCheckpointIO, read_checkpoint
from seg.model.module import BoundaryModule
from seg.prediction.command import add_prediction_options, predict, wanted_by
from seg.run_config import count_inputs
from seg.training.cell_tuning import choose_and_keep_decoder
from seg.training.final_validation import validate_both_ways
from seg.training.jsonargparse_patches import OneSentenceParser
from seg.training.lightning_patches import SubcommandCLI, launch_with
from seg.training.pictures import PictureWriter
from seg.training.recorder import RunRecorder
from seg.training.refused_settings import refuse_settings
from seg.training.resume import LAST, EpochCheckpoint, disk_is_full, is_trial, leave_run, run_folder
from seg.training.run_checkpoint import RunCheckpoint

SUBCOMMANDS = ("fit", "validate", "test", "predict")


class TrainingCLI(SubcommandCLI):
    """`seg fit | validate | test | predict`.

    Args:
        args: of the command line, the subcommand first.
        callbacks: in addition to those of every run.
    """

    def __init__(self, args: list[str], callbacks: list[Callback] | None = None) -> None:
        self.args = args
        try:
            super().__init__(
                BoundaryModule,
                BoundaryDataModule,
                save_config_callback=RunRecorder,
                seed_everything_default=0,
                trainer_defaults={"callbacks": [EpochCheckpoint(), *(callbacks or [])]},
                parser_class=OneSentenceParser,
                parser_kwargs={"prog": "seg"},
                auto_configure_optimizers=False,
                args=args,
            )
        except MisconfigurationException as error:
            raise ValueError(" ".join(str(error).split())) from error

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the name of the run, whether it is tested, and the callbacks of every run."""
        parser.add_argument("--name", type=str | None, default=None, help="Of the run in records and reports.")
        about = "After fit; not so in a trial of hyper-parameters."  # the others only accept it in a run's config.yaml
        parser.add_argument("--score_test", type=bool, default=True, help=about)
        parser.add_lightning_class_args(RunCheckpoint, "checkpoint")
        parser.add_lightning_class_args(PictureWriter, "pictures")
        parser.set_defaults({"checkpoint.mode": "max", "checkpoint.enable_version_counter": False})
        parser.set_defaults({"trainer.sync_batchnorm": True})
        parser.set_defaults({"checkpoint.save_weights_only": True})  # a training resumes from EpochCheckpoint's
        parser.link_arguments("seed_everything", "model.seed")
        parser.link_arguments("seed_everything", "data.seed")
        parser.link_arguments("model.rank_by", "checkpoint.monitor", compute_fn=lambda metric: f"val/{metric}")
        parser.link_arguments(("data.channels", "data.context"), "model.network.in_channels", compute_fn=count_inputs)
        parser.link_arguments("data.targets", "model.network.classes", compute_fn=len)

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Return the subcommands and the arguments of the trainer's methods that they hide."""
        every = LightningCLI.subcommands()
        return {name: every[name] | {"weights_only"} for name in SUBCOMMANDS}

    def add_subcommand_arguments(self, parser: LightningArgumentParser, subcommand: str) -> None:
        """Add what only `seg predict` can be asked for."""
        if subcommand == "predict":
            add_prediction_options(parser)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Build the trainer; devices that share a batch normalize it together, which PyTorch cannot do on CPUs."""
        on_cpu = not torch.cuda.is_available() or self._of_subcommand("trainer.accelerator") == "cpu"
        return super().instantiate_trainer(**kwargs, **({"sync_batchnorm": False} if on_cpu else {}))

    def before_instantiate_classes(self) -> None:
        """Let what reads a run of a comparison, whose config.yaml names its folder, write beside it."""
        if self.subcommand != "fit":
            leave_run(self._of_subcommand("trainer.logger"))

    def after_instantiate_classes(self) -> None:
        """Refuse a folder that holds another run, whose curves the logger would delete, and unsuitable settings.

        Raises:
            FileExistsError: names the folder.
            ValueError: names the setting.
        """
        refuse_settings(self.trainer, str(self.subcommand), self.config[self.subcommand])
        self.trainer.strategy.checkpoint_io = AtomicCheckpointIO()
        launch_with(self.trainer, self.args)
        folder = run_folder(self.trainer)
        if self.trainer.is_global_zero and (folder / "config.yaml").exists() and not self._resumes(folder):
            raise FileExistsError(
                f"{folder} holds a run: choose another --trainer.logger.init_args.version or save_dir, or "
                f"resume it: --ckpt_path {folder / LAST}"
            )

    def _resumes(self, folder: Path) -> bool:
        checkpoint = self._of_subcommand("ckpt_path")
        return self.subcommand == "fit" and bool(checkpoint) and Path(checkpoint).resolve() == (folder / LAST).resolve()

    def run_subcommand(self, subcommand: str) -> None:
        """Run the subcommand; a refused run leaves no folder.

        Raises:
            OSError: the disk is full; says how to resume.
        """
        folder = run_folder(self.trainer)
        is_new = not folder.exists()
        try:
            if subcommand == "predict":
                self._predict()
            else:
                super().run_subcommand(subcommand)
        except BaseException as error:
            if is_new and self.trainer.is_global_zero and not is_trial(self.trainer):
                self._callback(RunRecorder).discard(folder)
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise OSError(disk_is_full(folder)) from error
            raise

    def _predict(self) -> None:
        """Predict large images in parts, all others whole."""
        options = self.config.predict
        writer = self._callback(PictureWriter)
        writer.wanted, self.model.tta = wanted_by(options), self.model.tta or options.tta
        output = writer.output(self.trainer, self.datamodule)
        predict_whole = functools.partial(super().run_subcommand, "predict")
        predict(self.trainer, self.datamodule, output, options.ckpt_path, self.model.tta, predict_whole)

    def before_fit(self) -> None:
        """Refuse to resume from weights alone.

        Raises:
            ValueError: names the checkpoint.
        """
        path = self.config.fit.ckpt_path
        if path and Path(path).is_file() and "optimizer_states" not in read_checkpoint(Path(path)):
            raise ValueError(f"{path} holds weights alone: a training resumes from {Path(LAST).name} beside it")

    def after_validate(self) -> None:
        """Print the scores."""
        self._print_scores("val")

    def after_test(self) -> None:
        """Print the scores."""
        self._print_scores("test")

    def after_fit(self) -> None:
        """Validate the chosen weights, test them unless the run is a trial, and record the run.

        Raises:
            RuntimeError: no weights were kept.
        """
        if is_trial(self.trainer):
            return
        checkpoint = Path(self._callback(RunCheckpoint).best_model_path)
        if checkpoint == Path():
            raise RuntimeError("no weights were kept: there was no validation, or --checkpoint.save_top_k is 0")
        folder, choice, averaging = run_folder(self.trainer), None, None
        if not self.config.fit.score_test:
            self._evaluate(self.trainer.validate, checkpoint)
        else:
            averaging = validate_both_ways(self.trainer, self.model, checkpoint)
            choice = choose_and_keep_decoder(self.trainer, self.model, folder, checkpoint)
            self._evaluate(self.trainer.test, checkpoint)
        if self.trainer.is_global_zero:
            self._callback(RunRecorder).record(self.trainer, self.model, checkpoint, choice, averaging)
            for split in self.model.tables:
                self._print_scores(split)
            print(f"record, curves and pictures: {folder}")

    def _evaluate(self, evaluate: Callable[..., Any], checkpoint: Path) -> None:
        evaluate(self.model, datamodule=self.datamodule, ckpt_path=checkpoint, verbose=False, weights_only=True)

    def _print_scores(self, split: str) -> None:
        if not self.trainer.is_global_zero:
            return
        threshold = self.model.used_threshold
        means = {name: values.mean().item() for name, values in self.model.tables[split].at(threshold).items()}
        scores = ", ".join(f"{name} {mean:.4f}" for name, mean in means.items())
        print(f"{split} at threshold {threshold:.2f}: {scores}")

    def _of_subcommand(self, key: str) -> Any:
        return self.config[self.subcommand].get(key)

    def _callback(self, kind: type) -> Any:
        return next(callback for callback in self.trainer.callbacks if isinstance(callback, kind))  # type: ignore[attr-defined]


class FitCLI(TrainingCLI):
    """`seg fit` alone: building the parsers of the other subcommands takes longer than all other preparation."""

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Return `fit` alone."""
        return {"fit": TrainingCLI.subcommands()["fit"]}


class DataCLI(FitCLI):
    """`seg fit` up to the data, which are read and checked; nothing is trained."""

    def run_subcommand(self, subcommand: str) -> None:
        """Read and check the data."""
        self.datamodule.setup(subcommand)
