"""One run: its command line, what it records, and how it resumes."""
