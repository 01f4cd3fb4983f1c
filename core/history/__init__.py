"""Memory: what was, kept on this machine's disk, and what follows from it."""
