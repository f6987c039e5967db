"""`python -m replay` is the command `replay`, and this is its entry point.

Rule: nothing is imported outside of `main`, so that Ctrl-C while Python still loads modules shows no traceback.
"""

import sys


def main() -> None:
    """Load the command line and run it."""
    try:
        from replay.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
