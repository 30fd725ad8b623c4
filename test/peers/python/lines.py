"""JSON lines: one request a line on standard input, one reply a line, in order, until the input ends."""
import base64
import json
import os
import sys


def own_stdout():
    """Take standard output for the protocol alone: libraries that print go to standard error."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return protocol


def serve(out, handle):
    def say(reply):
        out.write(json.dumps(reply) + "\n")
        out.flush()

    say({"ready": True})
    for line in sys.stdin:
        try:
            say({"ok": handle(json.loads(line))})
        except BaseException as error:  # Dafny raises things that are not Exceptions
            say({"error": type(error).__name__, "message": str(error)})


def b64(data):
    return base64.b64encode(bytes(data)).decode("ascii")


def unb64(text):
    return base64.b64decode(text, validate=True)
