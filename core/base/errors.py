"""The base of every exception of this product, and the one for unusable configuration."""


class WatchdeskError(Exception):
    """Base of every error this product raises itself."""


class SettingsError(WatchdeskError):
    """Configuration that cannot be used; its text is one sentence for people, with what to do."""
