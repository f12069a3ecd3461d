"""Long checks of a running service: `make soak`."""
