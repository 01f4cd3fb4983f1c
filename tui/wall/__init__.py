"""What wall mode shows: letters made of blocks, what they say, and where they stand."""
