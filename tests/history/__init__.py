"""What was."""
