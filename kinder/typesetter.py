"""Typst in a process of its own: run as a file by `kinder.printing`, with nothing of Django.

Reads what to make as JSON from standard input and writes the document to standard output. What the
compiler keeps of every document it made is let go of with the process.
"""

import json
import sys

import typst


def main() -> int:
    asked = json.load(sys.stdin)
    folder = asked["fonts"]
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[folder] if folder else [],
    )
    try:
        made = typst.compile(
            asked["template"],
            sys_inputs={"data": asked["data"]},
            font_paths=fonts,
            timestamp=asked["timestamp"],
            **asked["options"],
        )
    except typst.TypstError as error:
        sys.stderr.write(str(error))
        return 1
    if not isinstance(made, bytes):
        sys.stderr.write("Typst returned no single document.")
        return 1
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
