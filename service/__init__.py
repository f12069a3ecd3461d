"""The model over HTTP; the only code that knows BentoML."""
