"""replay: record real sessions, replay them with mutations against QA, prove what broke in QA's database."""

__version__ = "0.1.0"
