"""The training of one network with one loss."""
