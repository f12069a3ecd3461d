import sys

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import tifffile
from PIL import Image

from seg.data.manifest import Manifest, ManifestSplit


def save(path, array) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def write(tmp_path):
    rng = np.random.default_rng(0)
    for name in "abc":
        save(tmp_path / "raw" / f"{name}.png", rng.integers(0, 255, (8, 10), dtype=np.uint8))
        save(tmp_path / "truth" / f"of_{name}.png", np.where(rng.random((8, 10)) < 0.2, 1, 0).astype(np.uint8))

    def build(*rows: str) -> str:
        path = tmp_path / "manifest.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
        return str(path)

    return build


def test_the_rows_are_the_samples_in_their_order(write, tmp_path):
    path = write("image, mask, stain", "raw/b.png, truth/of_b.png, none", "raw/a.png, truth/of_a.png, blue")
    samples = Manifest(path, boundary_value=1)
    assert [sample.name for sample in samples] == ["b", "a"]
    assert np.array_equal(samples[1].mask, np.array(Image.open(tmp_path / "truth" / "of_a.png")) == 1)


def test_names_hold_the_group(write):
    rows = ("image,labels,group,name", "raw/a.png,truth/of_a.png,p1,", "raw/b.png,truth/of_b.png,p2,night")
    samples = Manifest(write(*rows))
    assert [sample.name for sample in samples] == ["p1__a", "p2__night"]
    assert samples[0].labels.max() == 1
    assert samples.boundary_value is None


def test_pages_and_channels_are_chosen(write, tmp_path):
    pages = np.random.default_rng(0).integers(0, 255, (3, 8, 10), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "raw" / "stack.tif", pages, photometric="minisblack")
    tifffile.imwrite(tmp_path / "truth" / "stack.tif", pages // 128, photometric="minisblack")
    save(tmp_path / "raw" / "color.png", np.moveaxis(pages, 0, 2).copy())
    path = write(
        "image,mask,page,channel",
        "raw/stack.tif,truth/stack.tif,2,",
        "raw/stack.tif,truth/of_a.png,0,",
        "raw/color.png,truth/of_a.png,,1",
    )
    samples = Manifest(path, boundary_value=1)
    assert [sample.name for sample in samples] == ["stack-0002", "stack-0000", "color-c1"]
    for sample, page in zip(samples, (2, 0, 1), strict=True):
        assert np.array_equal(sample.image, pages[page])
    assert np.array_equal(samples[0].mask, pages[2] >= 128)


def test_every_row_that_cannot_be_read_is_listed(write):
    path = write(
        "image,mask,page,channel",
        "raw/nowhere.png,truth/of_a.png,,",
        "raw/a.png,,,",
        "raw/b.png,truth/of_b.png,first,",
        "raw/c.png,truth/of_c.png,,3",
        "raw/c.png,truth/of_c.png,7,",
    )
    with pytest.raises(ValueError, match=r"5 problem\(s\)") as refusal:
        len(Manifest(path, boundary_value=1))
    for part in (
        "manifest.csv row 2: no such file: ",
        "manifest.csv row 3: no mask: fill it in, or leave the row out",
        "manifest.csv row 4: page must be a number from 0, got 'first'",
        "c.png: channel 3 was asked for, the image has 1",
        "c.png: page 7 was asked for",
    ):
        assert part in str(refusal.value)


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (("picture,mask", "a,b"), "needs the columns image and either mask or labels, and a row: it has picture, mask"),
        (("image,mask,labels", "a,b,c"), "either mask or labels"),
        (("image,mask",), "it has none"),
        (("image,mask", "a,b"), "masks need boundary_value"),
    ],
)
def test_a_manifest_without_the_columns_is_refused(write, rows, rule):
    with pytest.raises(ValueError, match=rule):
        Manifest(write(*rows))


def test_the_split_stands_in_the_manifest(write):
    rows = [
        f"raw/{name}.png,truth/of_{name}.png,{split}"
        for name, split in zip("abc", ("test", "train", "val"), strict=True)
    ]
    path = write("image,mask,split", *rows, "raw/unused.png,,")
    split = ManifestSplit(path).assign(["a", "b", "c", "unused"])
    assert (split.train, split.val, split.test) == ([1], [2], [0])


def test_images_of_a_group_are_not_independent(write):
    path = write("image,mask,group,split", "a.png,m.png,p1,test", "b.png,m.png,,val", "c.png,m.png,p1,train")
    split = ManifestSplit(path)
    names = list(split.split_of)
    assert split.groups(names) == ["p1", "b", "p1"]


@pytest.mark.parametrize(
    ("rows", "names", "rule"),
    [
        (("image,split", "a.png,training"), [], "train, val, test or nothing: row 2 has 'training'"),
        (("image", "a.png"), [], "row 2 has None"),
        (("image,split", "a.png,train"), ["b"], "has no row for b"),
        (("image,split", "a.png,train"), ["a"], "no image has split val or test"),
    ],
)
def test_a_split_that_does_not_fit_is_refused(write, rows, names, rule):
    with pytest.raises(ValueError, match=rule):
        ManifestSplit(write(*rows)).assign(names)


def test_a_parquet_file_is_read_like_a_csv_file(write, tmp_path):
    columns = {
        "image": ["raw/a.png", "raw/b.png", "raw/c.png"],
        "mask": ["truth/of_a.png", "truth/of_b.png", "truth/of_c.png"],
        "group": ["p1", None, "p2 "],
        "split": ["train", "val", "test"],
        "page": [0.0, float("nan"), None],  # as pandas writes whole numbers with gaps
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "table.parquet")
    path = str(tmp_path / "table.parquet")
    samples = Manifest(path, boundary_value=1)
    assert [sample.name for sample in samples] == ["p1__a-0000", "b", "p2__c"]
    assert vars(ManifestSplit(path).assign(["p1__a-0000", "b", "p2__c"])) == {"train": [0], "val": [1], "test": [2]}


def test_a_parquet_file_that_is_none_or_cannot_be_read_here_is_refused(tmp_path, monkeypatch):
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match="table.parquet is no Parquet file"):
        Manifest(str(tmp_path / "table.parquet"), boundary_value=1)
    with pytest.raises(FileNotFoundError):
        Manifest(str(tmp_path / "nowhere.parquet"), boundary_value=1)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r"needs pyarrow: pip install 'septum\[parquet\]', or save CSV"):
        Manifest(str(tmp_path / "table.parquet"), boundary_value=1)
