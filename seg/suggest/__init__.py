"""Which images to annotate next: those on which trained runs disagree, and that differ from each other."""
