"""Telling: what people must know, and that it reaches them."""
