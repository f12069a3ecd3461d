"""How the page at / is served. What it does is tested in a browser, in tests/service/page."""

import gzip
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from service.web_page import FOLDER
from tests.service import vendor
from tests.service.world import Brightness, client_of, error_of

ROOT = Path(__file__).parents[2]
LANGUAGES = [path.stem for path in sorted((FOLDER / "languages").glob("*.json"))]
SERVED = [path for path in sorted(FOLDER.rglob("*")) if path.is_file() and path.suffix not in (".LICENSE", ".ts")]


def version_of(client) -> str:
    return re.search(r'src="page/(\w+)/main\.js"', client.get("/").text).group(1)


def test_the_page_needs_no_token_and_no_model():
    answer = client_of(None, token="secret").get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>Septum</title>" in answer.text


def test_the_page_can_be_switched_off():
    client = client_of(Brightness(), page="off")
    assert error_of(client.get("/")) == (404, "not_found")
    assert client.get("/page/0/main.js").status_code == 404
    assert client.get("/livez").status_code == 200


def test_nothing_but_our_own_files_may_run_or_load(client):
    for path in ("/", f"/page/{version_of(client)}/main.js", f"/page/{version_of(client)}/background/work.js"):
        headers = client.get(path).headers
        policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_no_file_names_another_host_but_in_comments_and_namespaces(client):
    for path in SERVED:
        if path.suffix in (".js", ".css", ".html") and path.parent.name != "vendor":
            code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text().replace("http://www.w3.org/2000/svg", ""))
            assert "http" not in code.replace("https://", "http"), path


def test_no_code_stands_in_the_page(client):
    text = client.get("/").text
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert re.findall(r"\s(?:style|on\w+)=", text) == []
    assert "<style" not in text


def test_files_are_kept_for_ever_under_a_version_that_changes_with_them(tmp_path, monkeypatch):
    client = client_of(Brightness())
    version = version_of(client)
    answer = client.get(f"/page/{version}/main.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    shutil.copytree(FOLDER, tmp_path / "page")
    (tmp_path / "page" / "main.js").write_text("// another\n")
    monkeypatch.setattr("service.web_page.WebPage.__init__.__defaults__", (tmp_path / "page",))
    changed = client_of(Brightness())
    assert version_of(changed) != version
    assert changed.get(f"/page/{version_of(changed)}/main.js").text == "// another\n"
    assert error_of(changed.get(f"/page/{version}/main.js")) == (404, "not_found")


def test_the_page_itself_is_asked_for_each_time_and_sent_only_if_it_changed(client):
    answer = client.get("/")
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get("/", headers={"if-none-match": f"W/{answer.headers['etag']}"})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/", headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_every_file_comes_with_its_type_whole_and_compressed_on_request(client, encoding):
    version = version_of(client)
    for path in SERVED:
        name = path.relative_to(FOLDER).as_posix()
        if name == "index.html":
            continue
        answer = client.get(f"/page/{version}/{name}", headers={"accept-encoding": encoding})
        assert answer.content == path.read_bytes(), name
        assert answer.headers.get("content-encoding", "identity") == encoding
    assert client.get(f"/page/{version}/main.js").headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("name", ["nothing.js", "../web_page.py", "%2e%2e/settings.py", "index.html", ""])
def test_other_paths_lead_nowhere(client, name):
    assert client.get(f"/page/{version_of(client)}/{name}").status_code == 404


def test_all_of_it_is_smaller_than_300_kilobytes_on_the_wire():
    assert sum(len(gzip.compress(path.read_bytes())) for path in SERVED) < 300_000


def test_every_language_has_every_text_with_the_same_values():
    english = json.loads((FOLDER / "languages" / "en.json").read_text())
    plural = re.compile(r"\.(one|few|many|other)$")

    def fields(texts: dict[str, str]) -> dict[str, set[str]]:
        return {plural.sub("", key): set(re.findall(r"\{(\w+)\}", text)) for key, text in texts.items()}

    assert set(LANGUAGES) == {"de", "en", "ru"}
    for code in LANGUAGES:
        assert fields(json.loads((FOLDER / "languages" / f"{code}.json").read_text())) == fields(english), code


def test_every_text_that_the_page_names_exists():
    english = json.loads((FOLDER / "languages" / "en.json").read_text())
    named = re.compile(r"""(?:[( ]text\("|data-(?:text|label|hint)=")([a-z_.]+)\"""")
    for path in SERVED:
        if path.suffix in (".js", ".html") and path.parent.name != "vendor":
            for key in named.findall(path.read_text()):
                assert key in english or f"{key}.other" in english, f"{path.name}: {key}"


def test_every_error_that_an_image_can_cause_is_explained():
    english = json.loads((FOLDER / "languages" / "en.json").read_text())
    codes = {"corrupt_image", "unsupported_format", "unsupported_samples", "too_many_pixels", "too_large", "busy"}
    assert {f"error.{code}" for code in codes | {"offline", "internal_error", "no_job"}} <= english.keys()


def test_the_libraries_are_those_that_are_declared():
    for library in vendor.declared():
        assert vendor.digest(library) == library["sha256"], library["name"]
        assert library["license"] in (FOLDER / "vendor" / f"{library['name']}.LICENSE").read_text()
    files = {library["file"] for library in vendor.declared()}
    assert {path.name for path in (FOLDER / "vendor").glob("*.js")} == files


@pytest.mark.slow
def test_a_wheel_holds_the_page(tmp_path):
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("seg", "losses", "service"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    program = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if name.startswith("service/page/")}
    assert held == {
        f"service/page/{path.relative_to(FOLDER).as_posix()}" for path in FOLDER.rglob("*") if path.is_file()
    }
