"""The façade: what the screen and the command line see of everything below."""
