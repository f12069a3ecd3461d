import errno
import os

import pytest
import torch

from seg.model.checkpoint_io import AtomicCheckpointIO, is_damaged, read_checkpoint, set_damaged_aside


class Trap:
    def __reduce__(self):
        return (os.mkdir, ("trap_was_sprung",))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"weights": torch.arange(1000.0)}, path)
    return path


def test_a_checkpoint_that_cannot_be_written_leaves_the_previous_one(path):
    before = path.read_bytes()
    with pytest.raises(AttributeError, match="local object"):
        AtomicCheckpointIO().save_checkpoint({"epoch": lambda: 2}, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    AtomicCheckpointIO().save_checkpoint({"epoch": 2}, path)
    assert read_checkpoint(path) == {"epoch": 2}


@pytest.mark.parametrize("elements", [10, 10_000_000])
def test_a_full_disk_leaves_the_previous_checkpoint_and_no_part_of_the_new_one(path, elements):
    before = path.read_bytes()
    path.with_name("last.ckpt.partial").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as error:
        AtomicCheckpointIO().save_checkpoint({"weights": torch.zeros(elements)}, path)
    assert error.value.errno == errno.ENOSPC
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("keep", [0, 100, -200])
def test_a_truncated_checkpoint_is_named_and_set_aside(path, capsys, keep):
    content = path.read_bytes()[:keep]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"the checkpoint {path} is damaged"):
        read_checkpoint(path)
    set_damaged_aside(path)
    assert not path.exists()
    assert path.with_name("last.ckpt.damaged").read_bytes() == content
    assert f"{path} is damaged: kept as last.ckpt.damaged" in capsys.readouterr().out


def test_a_flipped_bit_in_the_weights_is_damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert is_damaged(path)


def test_a_whole_checkpoint_stays(path):
    before = path.read_bytes()
    set_damaged_aside(path)
    set_damaged_aside(path.with_name("none.ckpt"))
    assert path.read_bytes() == before


@pytest.mark.parametrize("weights_only", [None, False])
def test_nothing_in_a_checkpoint_is_executed(tmp_path, monkeypatch, weights_only):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", raising=False)
    torch.save({"trap": Trap()}, tmp_path / "evil.ckpt")
    with pytest.raises(ValueError, match="holds more than weights"):
        AtomicCheckpointIO().load_checkpoint(tmp_path / "evil.ckpt", weights_only=weights_only)
    assert not (tmp_path / "trap_was_sprung").exists()
