#!/usr/bin/env python3
"""Reads Touchline segment files without Touchline: the Python standard library and the `lz4` program only.

Written from Sources/EventLog/EventLog.docc/LogFormat.md alone, it proves that document: it walks every frame, decodes
headers, directories and footers, checks every checksum, decompresses the lines with `lz4 -dc`, and compares what the
directories and footers say with what the lines say. Exit status: 0 all well, 1 damage found, 64 usage, 74 I/O.
"""

import argparse
import sys

sys.dont_write_bytecode = True

from segment.walk import Segment  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["lines", "directories", "footer", "check"],
                        help="print lines, directories or footers, or check only; everything is checked in any case")
    parser.add_argument("--events", action="store_true", help="with directories: every event too")
    parser.add_argument("files", nargs="+", help="segment files, as in log/*.lz4")
    options = parser.parse_args()
    damages, previous = [], None
    for path in sorted(options.files):
        segment = Segment(path, options)
        segment.read()
        damages += segment.damages
        if hasattr(segment, "header"):
            if options.what == "lines":
                for part in segment.lines():
                    sys.stdout.buffer.write(part)
                sys.stdout.buffer.flush()
            elif options.what != "check":
                segment.describe()
                segment.describe_directories() if options.what == "directories" else segment.describe_footer()
            check_chain(previous, segment, damages)
            previous = segment
    for damage in damages:
        print(damage, file=sys.stderr)
    if options.what == "check" and not damages:
        print(f"{len(options.files)} segments, all well")
    return 1 if damages else 0


def check_chain(previous, segment, damages):
    """A segment must continue the one before it."""
    if not previous or not getattr(previous, "footer", None):
        return
    footer = previous.footer
    if footer["first"] + footer["count"] != segment.header["first"]:
        damages.append(f"{segment.path}: it does not start where {previous.path} ends")
    elif footer["last_hash"] != segment.header["lineage"]:
        damages.append(f"{segment.path}: it does not continue the last line of {previous.path}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as failure:
        print(failure, file=sys.stderr)
        sys.exit(74)
