"""The contents of wall mode: large letters, the view model, and its layout in blocks of lines."""
