"""The monitor in a browser on this machine: whoever has the address looks, and nobody orders."""
