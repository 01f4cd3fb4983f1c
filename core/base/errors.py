"""The base of every exception of this product, and the one for unusable configuration."""


class SettingsError(Exception):
    """Configuration that cannot be used; its text is one sentence for people, with what to do."""
