"""`python -m tests.service.vendor`: fetch the page's libraries in the versions of libraries.json, with npm.

To take another version, set it there and run this; it prints the sha256 of what it got, to be set as well.
"""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "service" / "page" / "vendor"


def declared() -> list[dict[str, str]]:
    """Return name, version, license, members of the package, file and sha256 of each library."""
    return json.loads((VENDOR / "libraries.json").read_text())


def digest(library: dict[str, str]) -> str:
    """Return the sha256 of a library's file."""
    return hashlib.sha256((VENDOR / library["file"]).read_bytes()).hexdigest()


def fetch(library: dict[str, str]) -> None:
    """Put a library and its license into the folder."""
    with tempfile.TemporaryDirectory() as folder:
        package = f"{library['name']}@{library['version']}"
        done = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
        )
        with tarfile.open(Path(folder) / done.stdout.strip()) as archive:
            members = {library["file"]: library["member"], f"{library['name']}.d.ts": library["types"]}
            for name, member in {**members, f"{library['name']}.LICENSE": "LICENSE"}.items():
                (VENDOR / name).write_bytes(archive.extractfile(f"package/{member}").read())


if __name__ == "__main__":
    for each in declared():
        fetch(each)
        print(each["file"], each["version"], digest(each), "as declared" if digest(each) == each["sha256"] else "NEW")
