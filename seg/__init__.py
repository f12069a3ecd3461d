"""Train, compare and run networks that find cell boundaries."""

import os

__version__ = "0.1.0"

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # albumentations asks its server for updates otherwise
