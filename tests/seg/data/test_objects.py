import numpy as np
import pytest
from PIL import Image

from seg.data.objects import ObjectFolders


def save(path, array) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def root(tmp_path):
    left, right = np.zeros((6, 8), np.uint8), np.zeros((6, 8), np.uint8)
    left[:, :5], right[2:4, 4:] = 255, 255
    for name in ("n1", "n2"):
        save(tmp_path / name / "images" / f"{name}.png", np.zeros((6, 8), np.uint8))
        save(tmp_path / name / "masks" / "first.png", left)
        save(tmp_path / name / "masks" / "second.png", right)
    return tmp_path


def test_objects_become_labels_in_the_order_of_their_files(root):
    samples = ObjectFolders(str(root), thickness_px=1)
    assert [sample.name for sample in samples] == ["n1", "n2"]
    labels = samples[0].labels
    assert labels[0].tolist() == [1, 1, 1, 1, 1, 0, 0, 0]
    assert labels[2].tolist() == [1, 1, 1, 1, 2, 2, 2, 2]  # the smaller object is kept whole
    assert samples[0].mask[2, 3:5].all()
    assert (samples[0].thickness_px, samples.boundary_value) == (1, None)


def test_an_image_without_objects_is_empty(root):
    for path in (root / "n2" / "masks").iterdir():
        path.unlink()
    (root / "n2" / "masks").rmdir()
    (root / ".cache").mkdir()
    assert not ObjectFolders(str(root))[1].mask.any()


def test_every_unfit_folder_is_listed(root):
    save(root / "n1" / "masks" / "third.png", np.zeros((6, 9), np.uint8))
    save(root / "n2" / "masks" / "third.png", np.uint8([[0, 90, 180, 255, 0, 0, 0, 0]] * 6))
    save(root / "n3" / "pictures" / "n3.png", np.zeros((6, 8), np.uint8))
    with pytest.raises(ValueError, match=r"3 problem\(s\)") as refusal:
        len(ObjectFolders(str(root)))
    assert "third.png: 9x6 pixels, but its image" in str(refusal.value)
    assert "third.png: an object has one value besides 0, this file has 0, 90, 180, 255: add threshold: 128" in str(
        refusal.value
    )
    assert "n3/images: one image is needed, found 0: set root: to what holds a folder for each image, and" in str(
        refusal.value
    )


def test_a_folder_without_folders_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        ObjectFolders(str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="no folder NAME/images with an image"):
        len(ObjectFolders(str(tmp_path)))


def test_only_the_wanted_channels_are_used(root):
    with pytest.raises(ValueError, match=r"no image has 3 channel\(s\): set only_channels: null"):
        len(ObjectFolders(str(root), only_channels=3))
