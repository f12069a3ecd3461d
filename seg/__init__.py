"""Train, compare and run networks that find cell boundaries."""
