"""What to say when a capture cannot be gone on with because its redaction rules are others."""

from __future__ import annotations

from replay.store.cells import text


def other_rules(made_by: object, here: str) -> str:
    """The second half of a sentence. `made_by` is the version in the file, which is not believed to be one."""
    version = text(made_by)
    known = version if len(version) <= 40 and version.isprintable() and version else "another version"
    if known != here:
        return (
            f"was recorded by replay {known} with another set of redaction rules than replay {here} has: its own words"
            f" are part of them. Go on with replay {known}, or choose another name for this capture; `replay capture"
            " merge` joins captures of one key"
        )
    return (
        f"was recorded with another set of redaction rules, by this version ({here}), or by another build of it: go on"
        " with the policy, vocabulary and schemas that it began with, or choose another name for this capture"
    )
