"""Tokens of clients with names; only their hashes are kept. `python -m service.tokens NAME` makes one."""

import hashlib
import hmac
import logging
import re
import secrets
import sys
from pathlib import Path

#: The name of the token that stands in the environment.
ONLY = "token"

_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63}) ([0-9a-f]{64})")

logger = logging.getLogger("septum.service")


class Tokens:
    """Finds the name of who sends a token.

    Args:
        token: of the one client that the environment names; empty: none.
        file: with a line `NAME SHA256` per client, read again when it changes; None: there is none.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line of it is wrong.
    """

    def __init__(self, token: str, file: Path | None = None) -> None:
        self._own = {ONLY: hashlib.sha256(token.encode()).digest()} if token else {}
        self._file, self._changed = file, 0
        self._listed: dict[str, bytes] = {}
        if file is not None:
            self._changed = file.stat().st_mtime_ns
            self._listed = read_tokens(file)

    @property
    def required(self) -> bool:
        """Whether requests must carry a token."""
        return bool(self._own) or self._file is not None

    def find(self, token: bytes) -> str | None:
        """Return the name of a token, None if nobody has it; the time it takes tells nothing of the tokens.

        Args:
            token: as it was sent.
        """
        self._read_again()
        digest, found = hashlib.sha256(token).digest(), None
        for name, expected in (self._own | self._listed).items():
            if hmac.compare_digest(digest, expected):
                found = name
        return found

    def _read_again(self) -> None:
        """Take up a changed file; a damaged one leaves the tokens as they were."""
        if self._file is None:
            return
        try:
            changed = self._file.stat().st_mtime_ns
            if changed == self._changed:
                return
            self._changed = changed
            self._listed = read_tokens(self._file)
            logger.info("read %d tokens", len(self._listed))
        except (OSError, ValueError) as error:
            logger.error("the tokens stay as they were: %s", error)


def read_tokens(file: Path) -> dict[str, bytes]:
    """Return name -> SHA-256 of a file; lines that begin with # are left out.

    Raises:
        OSError: it cannot be read.
        ValueError: a line is not `NAME SHA256`, or a name occurs twice.
    """
    found: dict[str, bytes] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        matched = _LINE.fullmatch(line.strip())
        if matched is None or matched[1] in found or matched[1] == ONLY:
            rule = f"must be NAME SHA256, each name once and none of them {ONLY!r}"
            raise ValueError(f"{file}, line {number} {rule}: `python -m service.tokens NAME` makes one")
        found[matched[1]] = bytes.fromhex(matched[2])
    return found


def main(arguments: list[str]) -> int:
    """Print a new token, and the line of the file that lets it in.

    Args:
        arguments: the name of the client.
    """
    token = secrets.token_urlsafe(32)
    line = f"{' '.join(arguments)} {hashlib.sha256(token.encode()).hexdigest()}"
    if not _LINE.fullmatch(line):
        print("usage: python -m service.tokens NAME (letters, digits, . _ -)", file=sys.stderr)
        return 2
    print(f"for the client, shown only here: {token}\nfor the file of SEPTUM_TOKENS_FILE: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
