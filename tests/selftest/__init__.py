"""The self-test, and that it can fail."""
