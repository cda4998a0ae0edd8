"""Steps of a program that uses a client, unmodified: each is printed as one line of JSON, {"step", "ok", "says"}; the
last line is {"steps", "failed"}. docs/clients.md is written from what programs call and their first argument.
"""

import json
import sys

passed = failed = 0


def tell(step, ok, says):
    global passed, failed
    passed += ok
    failed += not ok
    print(json.dumps({"step": step, "ok": ok, "says": says}), flush=True)


def does(step, work, check=lambda found: True):
    """A step that must work, and whose result must pass the check."""
    try:
        found = work()
        tell(step, bool(check(found)), str(found)[:300])
        return found
    except Exception as error:
        tell(step, False, f"{type(error).__name__}: {str(error)[:600]}")


def refused(step, work, *words):
    """A step that must be refused, in these words."""
    try:
        found = work()
        tell(step, False, f"was not refused: {str(found)[:200]}")
    except BaseException as error:  # some clients end the process
        said = f"{type(error).__name__}: {error}"
        tell(step, all(word.lower() in said.lower() for word in words), said[:400])


def limit(step, work, *words):
    """A step that works in Azure, and is refused here, by name."""
    refused(step, work, *words)


def done():
    """Ends the program."""
    print(json.dumps({"steps": passed + failed, "failed": failed}), flush=True)
    sys.exit(1 if failed else 0)
