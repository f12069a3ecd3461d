import numpy as np
import pytest
import tifffile

from seg.data.stack_split import StackSplit
from seg.data.stacks import ImageStacks

PAGES = np.random.default_rng(0).integers(1, 255, (3, 8, 10), dtype=np.uint8)


def save(path, pages, **options) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    tifffile.imwrite(path, pages, photometric="minisblack", **options)


@pytest.fixture
def root(tmp_path):
    save(tmp_path / "images" / "a.tif", PAGES)
    save(tmp_path / "masks" / "a.tif", np.where(PAGES > 99, 255, 0).astype(np.uint8))
    save(tmp_path / "images" / "b.ome.tif", PAGES[:1])
    save(tmp_path / "masks" / "b.tif", np.zeros((1, 8, 10), np.uint8))
    return tmp_path


def source(root) -> ImageStacks:
    return ImageStacks(str(root), masks="masks", boundary_value=255)


@pytest.mark.parametrize("options", [{}, {"imagej": True}])
def test_every_page_is_a_sample_with_its_page_of_the_mask(root, options):
    save(root / "images" / "a.tif", PAGES, **options)
    samples = source(root)
    assert [sample.name for sample in samples] == ["a-0000", "a-0001", "a-0002", "b-0000"]
    for sample, page in zip(samples, PAGES, strict=False):
        assert np.array_equal(sample.image, page)
        assert np.array_equal(sample.mask, page > 99)


def test_label_stacks_are_read_alike(root):
    labels = np.zeros((3, 8, 10), np.uint16)
    labels[1, :, :5] = 300
    save(root / "labels" / "a.tif", labels)
    (root / "images" / "b.ome.tif").unlink()
    samples = ImageStacks(str(root), labels="labels")
    assert [int(sample.labels.max()) for sample in samples] == [0, 300, 0]


def test_a_stack_whose_masks_are_not_as_many_or_damaged_is_named_with_all_others(root):
    save(root / "masks" / "a.tif", np.zeros((2, 8, 10), np.uint8))
    (root / "images" / "b.ome.tif").write_bytes(b"II*\x00\x00")
    with pytest.raises(ValueError, match=r"2 problem\(s\)") as refusal:
        len(source(root))
    assert "masks/a.tif: 2 page(s), but its image" in str(refusal.value)
    assert str(refusal.value).endswith("has 3: save one for each")
    assert "b.ome.tif: the image is damaged or incomplete" in str(refusal.value)


def test_each_stack_is_split_in_blocks_with_gaps():
    names = [f"{stack}-{page:04d}" for stack in "ab" for page in range(7)]
    split = StackSplit(val=1, test=2, gap=1).assign(names)
    assert (split.train, split.val, split.test) == ([0, 1, 7, 8], [3, 10], [5, 6, 12, 13])


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: StackSplit(1, 1).assign(["a-0", "a-1", "a-2", "b-0"]), "stack 'b': this block split needs at least 3"),
        (lambda: StackSplit(1, 1).assign(["a"]), r"does not match the name 'a': set stack: in the split"),
        (lambda: StackSplit(0, 1), "val >= 1"),
        (lambda: StackSplit(1, 1, stack="("), "is not a regular expression"),
        (lambda: StackSplit(1, 1, stack="a"), "needs parentheses"),
    ],
)
def test_unfit_rules_are_refused(build, rule):
    with pytest.raises(ValueError, match=rule):
        build()


def test_the_sections_of_a_stack_are_one_group():
    split = StackSplit(val=1, test=1)
    assert split.serial
    assert split.groups(["a-0000", "a-0001", "b-0000"]) == ["a", "a", "b"]


def test_one_mask_for_all_sections_needs_a_projection(root):
    save(root / "masks" / "a.tif", np.zeros((8, 10), np.uint8))
    with pytest.raises(
        ValueError, match=r"1 page\(s\), .* has 3: save one for each, or set projection: max in the data"
    ):
        len(source(root))
