"""Many trainings, judged fairly."""
