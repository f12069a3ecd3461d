"""One training run: its command line, its record, and how it resumes."""
