"""What configuration that cannot be used is told as."""


class SettingsError(Exception):
    """Configuration that cannot be used; its text is one sentence for people, with what to do."""
