"""The terminal: run the app on it, read keys, write without blocking, and leave it in order."""
