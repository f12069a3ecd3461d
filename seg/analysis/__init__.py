"""What the scores of a comparison say."""
