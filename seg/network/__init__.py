"""Networks of training and service."""
