"""What losses want, shown before anything is trained."""
