"""What rests on the wording of jsonargparse's messages; tried with jsonargparse 4.53.

jsonargparse has no exception that carries the option and the file: both are read from the message. Should a later
version word it differently, the user sees the library's own message on one line instead of the shorter sentence.
"""

import re
import sys
from pathlib import Path
from typing import NoReturn

from pytorch_lightning.cli import LightningArgumentParser

_KEY = re.compile(r'key "([^"]+)"')
_MISSING_FILE = re.compile(r"Expected a path but (\S+\.ya?ml) either|Unable to load config '([^']+)'")


class OneSentenceParser(LightningArgumentParser):
    """A parser that answers wrong usage with one sentence and exit code 2."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print what is wrong and exit.

        Args:
            message: of the library, of several lines.
            ex: what was raised, if anything.
        """
        sys.stderr.write(f"seg: error: {shorten(message)}\n")
        raise SystemExit(2)


def shorten(message: str) -> str:
    """Return the parser's nested message on one line, or name the file if one does not exist."""
    key, found = _KEY.search(message), _MISSING_FILE.search(message)
    path = (found[1] or found[2]) if found else None
    if key and path and not Path(path).exists():
        return f"--{key[1]}: no such file: {path}"
    return " ".join(line.strip(" -") for line in message.splitlines() if line.strip(" -"))
