"""The messages of jsonargparse are still worded as seg/training/jsonargparse_patches.py reads them."""

import pytest
from jsonargparse import ActionConfigFile
from pytorch_lightning.cli import LightningArgumentParser

from losses import SegmentationLoss
from seg.training.jsonargparse_patches import shorten

CHANGED = "jsonargparse words its messages differently: adapt seg/training/jsonargparse_patches.py"


def message_of(args: list[str]) -> str:
    """Return what the library says about wrong arguments."""
    parser = LightningArgumentParser(exit_on_error=False)
    parser.add_argument("--config", action=ActionConfigFile)
    parser.add_subclass_arguments(SegmentationLoss, "loss")
    with pytest.raises(Exception) as error:  # noqa: PT011  # its type is not of interest
        parser.parse_args(args)
    return str(error.value)


def test_a_missing_file_of_an_option_is_named():
    assert shorten(message_of(["--loss=nowhere.yaml"])) == "--loss: no such file: nowhere.yaml", CHANGED


def test_other_messages_become_one_line():
    text = shorten(message_of(["--loss=torch.nn.MSELoss"]))
    assert "\n" not in text
    assert "torch.nn.MSELoss" in text
    assert shorten("first:\n  - second\n\n  - third") == "first: second third"
