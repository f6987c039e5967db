"""What a user may be told: one sentence, what happened, to which named thing, what to do.

Rule: a message names files, keys, units and places; it never holds a captured value.
Anything raised that is not a `ReplayError` is a bug of ours.
"""


class ReplayError(Exception):
    """A sentence for the user. The command line prints it on stderr and exits with status 2."""


class UsageError(ReplayError):
    """The call's words are off: an unknown unit, a bad option value."""


class ConfigError(ReplayError):
    """`replay.toml` (or another configuration file) cannot be taken as it is."""


class FileFormatError(ReplayError):
    """A capture or run file is missing, foreign, damaged, or of a newer format version."""


class TargetError(ReplayError):
    """The target is unreachable, is the capture's origin, or was not named as a target."""


class ProbeError(ReplayError):
    """The target's database cannot be read. Cases that needed it become *not judged*."""


class ResetError(ReplayError):
    """The target could not be put back to its start. Nothing was sent after that."""


class RecordError(ReplayError):
    """The recorder cannot start: port busy, folder read-only, key missing."""


class StoppedError(ReplayError):
    """The user ended it (Ctrl-C) before there was anything to save. Exit status 130, as shells use for SIGINT."""
