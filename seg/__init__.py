"""Train, compare and run networks that find cell boundaries."""

__version__ = "0.1.0"
