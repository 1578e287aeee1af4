"""The words that a model sees, each versioned by the hash of its content."""
