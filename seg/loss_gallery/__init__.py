"""What losses reward and punish, shown before anything is trained."""
