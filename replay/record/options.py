"""The recorder's options, each said once: `replay_NAME` under mitmproxy and a flag of the same name in `replay record`.

Rule: an option that is not said is empty (0, "", no or an empty list); then `[record]` of replay.toml counts, then the
default. `default` is for people to read; the values themselves live in `record.settings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Value = str | int | bool | Sequence[str]
Names = Sequence[str]


@dataclass(frozen=True, slots=True)
class RecordOption:
    """`kind` is str, int, bool or Sequence[str], as in mitmproxy's `add_option`; `default` is a text for the help."""

    name: str  # without `replay_`
    kind: Any
    metavar: str
    default: str
    help: str

    @property
    def unsaid(self) -> Value:
        """The value that means: nothing was said."""
        empty: Value = [] if self.kind == Names else self.kind()
        return empty

    @property
    def flag(self) -> str:
        """As the command line writes it."""
        return "--" + self.name.replace("_", "-")

    @property
    def text(self) -> str:
        """Help with the default, for people."""
        return f"{self.help} [default: {self.default}]" if self.default else self.help


OPTIONS: tuple[RecordOption, ...] = (
    RecordOption("capture", str, "FILE", "", "Capture to write; must not exist (but see append)."),
    RecordOption(
        "key",
        str,
        "SOURCE",
        "random",
        "Redaction key: env:NAME, file:PATH, fd:N or cmd:PROGRAM ARGS, never the key itself.",
    ),
    RecordOption(
        "key_scope",
        str,
        "SCOPE",
        "project",
        "With a key: project, captures agree; capture, each has stand-ins of its own.",
    ),
    RecordOption(
        "key_per_tenant", bool, "", "", "Stand-ins of each tenant under a key of its own (needs tenant = [...])."
    ),
    RecordOption("encrypt_to", str, "FILE", "", "Public key (X25519, PEM) of whoever may read what is recorded."),
    RecordOption(
        "expires_days", str, "DAYS", "14", "Replay refuses the capture so long after its last exchange; 0: never."
    ),
    RecordOption("config", str, "FILE", "", "replay.toml with its tables [redact] and [record]."),
    RecordOption("append", bool, "", "", "Go on with the capture if it exists: needs the same key and rules."),
    RecordOption("queue_mb", int, "MB", "32", "Memory for exchanges on their way to the writer; beyond it, dropped."),
    RecordOption("body_kb", int, "KB", "1024", "Longer bodies, in both directions, are cut; they pass on unchanged."),
    RecordOption("request_body_kb", int, "KB", "body-kb", "The same for requests only."),
    RecordOption("response_body_kb", int, "KB", "body-kb", "The same for responses only."),
    RecordOption("sample", str, "SHARE", "1", "Share of sessions to record, 0 to 1; a session is taken or left whole."),
    RecordOption("include", Names, "PATTERN", "", 'Record only these routes: "GET /api/**" or "/shop/*". Repeatable.'),
    RecordOption("exclude", Names, "PATTERN", "", 'Leave these routes out, such as "/healthz". Repeatable.'),
    RecordOption("rotate_mb", int, "MB", "off", "At this size the capture becomes a segment and a new one begins."),
    RecordOption("rotate_minutes", int, "MIN", "off", "The same at this age."),
    RecordOption("keep_days", int, "DAYS", "off", "Remove closed segments older than this."),
    RecordOption("keep_mb", int, "MB", "off", "Remove the oldest closed segments beyond this size in all."),
    RecordOption(
        "i_accept_raw_personal_data",
        str,
        "HOST[,HOST]",
        "",
        "Do NOT redact what goes to these upstream hosts, which hold synthetic data only. Others are redacted.",
    ),
    RecordOption("metrics", str, "HOST:PORT", "off", "Serve /healthz, /readyz and /metrics there."),
    RecordOption("drain_seconds", int, "SECONDS", "10", "At SIGTERM, requests in flight get so long to finish."),
)


def said(values: Mapping[str, Any]) -> dict[str, Value]:
    """What was said, by name without `replay_`: neither empty nor 0."""
    known = {option.name: option for option in OPTIONS}
    return {name: value for name, value in values.items() if name in known and value}
