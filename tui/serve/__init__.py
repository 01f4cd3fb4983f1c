"""The monitor in a browser on this machine, read-only: anybody with the address can look, nobody can act."""
