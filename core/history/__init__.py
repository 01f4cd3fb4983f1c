"""Records of the past, kept on this machine's disk, and figures derived from them."""
