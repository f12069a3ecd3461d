"""Public data sets from a mirror on the loopback."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from seg.__main__ import main
from seg.data.public.catalogue import DATA_SETS, ISBI2012, DataSet
from seg.data.public.fetch import fetch


class Counting(SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(tmp_path):
    """A server of the folder tmp_path/remote, its URL as `url`."""
    (tmp_path / "remote").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Counting, directory=tmp_path / "remote"))
    server.asked, server.url = [], f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def two_files(folder: Path) -> DataSet:
    """Return a data set of two files, which the mirror gets under other names."""
    contents = {"images/00.png": b"first", "masks/00.png": b"second"}
    remote = {"images/00.png": "a.png", "masks/00.png": "b.png"}
    for name, content in contents.items():
        (folder / "remote" / remote[name]).write_bytes(content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return DataSet("two", "", "", "http://127.0.0.1:9", hashes, remote.__getitem__, "")


def test_files_are_fetched_once_and_altered_ones_again(tmp_path, mirror):
    data_set, folder = two_files(tmp_path), tmp_path / "here"
    done = []
    fetch(data_set, folder, f"{mirror.url}/", done.append)
    assert ((folder / "images" / "00.png").read_bytes(), (folder / "masks" / "00.png").read_bytes()) == (
        b"first",
        b"second",
    )
    assert (done, mirror.asked) == ([1, 2], ["/a.png", "/b.png"])
    (folder / "masks" / "00.png").write_bytes(b"damaged")
    fetch(data_set, folder, mirror.url)
    assert mirror.asked == ["/a.png", "/b.png", "/b.png"]
    assert (folder / "masks" / "00.png").read_bytes() == b"second"


def test_a_file_that_is_another_one_is_refused_and_not_kept(tmp_path, mirror):
    data_set = two_files(tmp_path)
    (tmp_path / "remote" / "b.png").write_bytes(b"planted")
    with pytest.raises(ValueError, match=r"b\.png is not the file that was published: its sha256 differs"):
        fetch(data_set, tmp_path / "here", mirror.url)
    assert not (tmp_path / "here" / "masks" / "00.png").exists()
    assert (tmp_path / "here" / "images" / "00.png").exists()


def test_a_file_that_cannot_be_had_is_one_sentence_with_the_ways_out(tmp_path, mirror):
    data_set = two_files(tmp_path)
    (tmp_path / "remote" / "a.png").unlink()
    with pytest.raises(ConnectionError, match=r"a\.png cannot be had \(HTTPError\): run the command again .* --mirror"):
        fetch(data_set, tmp_path / "here", mirror.url)


def test_isbi2012_has_a_mask_for_each_of_its_30_images():
    names = set(ISBI2012.hashes)
    assert names == {f"{kind}/{number:02}.png" for kind in ("images", "masks") for number in range(30)}
    assert [ISBI2012.remote(name) for name in ("images/07.png", "masks/29.png")] == ["image/7.png", "label/29.png"]
    assert len(set(ISBI2012.hashes.values())) == 60
    assert list(DATA_SETS) == ["isbi2012"]


def test_the_command_fetches_the_real_files(tmp_path, mirror, real_data, capsys):
    for name in ISBI2012.hashes:
        target = tmp_path / "remote" / ISBI2012.remote(name)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((real_data / "isbi2012" / name).read_bytes())
    args = ["data", "fetch", "isbi2012", "--to", str(tmp_path / "here"), "--mirror", mirror.url]
    assert main(args) == 0
    printed = capsys.readouterr().out
    assert "license: free for testing segmentation software" in printed
    assert f"60 files in {tmp_path / 'here'}" in printed
    for name in ISBI2012.hashes:
        assert (tmp_path / "here" / name).read_bytes() == (real_data / "isbi2012" / name).read_bytes()
