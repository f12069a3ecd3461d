"""`seg data doctor`: examine the data of a configuration before any training."""

from collections.abc import Sequence
from pathlib import Path

import yaml
from jsonargparse import ArgumentError, ArgumentParser

from seg.data.doctor.data_key import content_of, folders_in, key_of_content, key_of_files, list_files
from seg.data.doctor.examination import Examination, doubt, examine
from seg.data.doctor.finding import Finding
from seg.data.doctor.memory import keep, recall
from seg.data.doctor.result import Result
from seg.data.doctor.unchanged import Watched
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample
from seg.data.split import SplitIndices


def examine_once(config: Path, more: list[str]) -> Result:
    """Return what is found in the data of a configuration, or was found when the same files were examined before.

    Arguments and errors are those of `load_data`.
    """
    data, options = load_data(config, more)
    files = list_files(data, options)
    if files is None:
        return remember(examine(data), None)
    watched, key = Watched.of(config, more, files.data + files.code, folders_in(options)), key_of_files(options, files)
    result = recall(key) or remember(examine(data), key)
    if not result.errors:  # what mends an error may be beside the files that were read
        watched.keep(key)
    return result


def doubts_once(samples: Sequence[Sample], split: SplitIndices, content: str) -> list[Finding]:
    """Return the warnings about samples that a training accepts, or those found when they were examined before.

    Args:
        samples: of all splits.
        split: of the samples.
        content: fingerprint of the data.
    """
    known = recall(key_of_content(content))
    if known is None:
        known = Result.of(Examination(list(samples), split, doubt(samples, split)))
        keep(key_of_content(content), known)
    return known.findings


def remember(examination: Examination, key: str | None) -> Result:
    """Keep what was found for the next examination of these files, and for comparisons on them.

    Args:
        examination: of the data.
        key: of its files; None where there are none.
    """
    result, content = Result.of(examination), content_of(examination)
    for each in [key, content and key_of_content(content)]:
        if each:
            keep(each, result)
    return result


def load_data(config: Path, more: list[str]) -> tuple[BoundaryDataModule, str]:
    """Return the data module of a configuration, and all its options as YAML.

    Args:
        config: of the data, or of a comparison that names it.
        more: options of `seg fit`, e.g. ["--data.source.init_args.root", "elsewhere"].

    Raises:
        ValueError: the configuration is invalid.
        FileNotFoundError: there is no such file.
    """
    parser = ArgumentParser(prog="seg data doctor", exit_on_error=False)
    parser.add_class_arguments(BoundaryDataModule, "data", fail_untyped=False, sub_configs=True)
    try:
        parsed = parser.parse_args([f"--data={_data_file(config)}", *more])
        data: BoundaryDataModule = parser.instantiate_classes(parsed).data
        options = parser.dump(parsed, skip_validation=True)
    except ArgumentError as error:
        raise ValueError(" ".join(str(error).split())) from error
    return data, options


def _data_file(config: Path) -> Path:
    """Return the configuration of the data: itself, or what a comparison names."""
    content = yaml.safe_load(config.read_text())
    named = content.get("data") if isinstance(content, dict) else None
    return config.parent / named if isinstance(named, str) else config
