"""One segment file, walked from its start to its end, everything checked."""
import hashlib
import json
import struct
import subprocess

from .encoding import Damage, instant
from .format import SKIPPABLE, check_lines, decompress, read_directory, read_header
from .indexes import (
    expected_spans, read_footer, read_frame_table, read_gaps, read_postings, siphash, subject_key)


class Segment:
    """One file, walked from its start to its end."""

    def __init__(self, path, options):
        self.path, self.options = path, options
        with open(path, "rb") as file:
            self.data = file.read()
        self.damages = []
        self.gaps = []
        self.batches = []
        self.frames = []
        self.subjects = {}

    def say(self, offset, structure, message):
        self.damages.append(f"{self.path} at byte {offset}, {structure}: {message}")

    def read(self):
        try:
            self.header = read_header(self.data)
            self.footer = read_footer(self.data, self.header["log"])
            self.gaps = read_gaps(self.data, self.footer)
            self.walk()
            if self.batches:
                self.read_lines()
            if self.footer:
                self.check_footer()
        except Damage as damage:
            self.damages.append(f"{self.path} {damage}")
        except (KeyError, UnicodeDecodeError, IndexError, struct.error, ValueError) as error:
            self.damages.append(f"{self.path}: malformed: {error!r}")

    def walk(self):
        """Goes from frame to frame. Where a directory is damaged, goes on at the next one that checks."""
        offset, expected = 104, self.header["first"]
        recorded = self.header["floor"]
        while offset < len(self.data):
            gap = next((gap for gap in self.gaps if gap[2] == offset), None)
            if gap:
                # Given up: its bytes are damaged and stay, and nothing in them counts.
                if gap[0] != expected:
                    self.say(offset, "section gaps", f"a gap starts at event {gap[0]}, not {expected}")
                expected, offset = gap[1], gap[3]
                continue
            kind, length = self.frame_at(offset)
            if kind == b"TLD1":
                try:
                    batch = read_directory(self.data, offset, length, self.header["log"])
                    if batch["first"] != expected:
                        raise Damage(offset, "directory", f"it starts at {batch['first']}, not {expected}")
                except Damage as damage:
                    self.damages.append(f"{self.path} {damage}")
                    offset = self.next_directory(offset + 1, expected)
                    if offset is None:
                        return
                    expected = read_directory(self.data, offset, self.frame_at(offset)[1], self.header["log"])["first"]
                    continue
                if batch["times"][2] < recorded:
                    self.say(offset, "directory", "recordedtime runs backwards")
                recorded = batch["times"][3]
                self.batches.append(batch)
                expected = batch["first"] + batch["count"]
                offset += batch["bytes"] + batch["frame_bytes"]
            elif kind == b"TLF1":
                if not self.footer or self.footer["offset"] != offset:
                    self.say(offset, "footer", "it cannot be read")
                return
            elif kind == b"TLS1":
                # Room made ahead by a writer: nothing stands in it, nothing follows it.
                return
            else:
                self.say(offset, "segment", "no frame of a segment stands here")
                found = self.next_directory(offset + 1, expected)
                if found is None:
                    return
                offset = found
                expected = read_directory(self.data, offset, self.frame_at(offset)[1], self.header["log"])["first"]

    def frame_at(self, offset):
        if offset + 12 > len(self.data):
            return None, 0
        magic, length = struct.unpack("<II", self.data[offset:offset + 8])
        return (self.data[offset + 8:offset + 12], length) if magic == SKIPPABLE else (None, 0)

    def next_directory(self, offset, expected):
        pattern = struct.pack("<I", SKIPPABLE)
        while True:
            offset = self.data.find(pattern, offset)
            if offset < 0:
                return None
            kind, length = self.frame_at(offset)
            if kind == b"TLD1":
                try:
                    if read_directory(self.data, offset, length, self.header["log"])["first"] > expected:
                        return offset
                except (Damage, UnicodeDecodeError, IndexError):
                    pass
            offset += 1

    def read_lines(self):
        """Decompresses all good frames in one run of lz4, and checks the lines against the directories."""
        good = []
        for batch in self.batches:
            try:
                good.append((batch, decompress(self.data, batch)))
            except Damage as damage:
                self.damages.append(f"{self.path} {damage}")
        frames = b"".join(frame for _, frame in good)
        run = subprocess.run(["lz4", "-dc"], input=frames, capture_output=True, check=False)
        lines = run.stdout
        if run.returncode != 0 or len(lines) != sum(batch["raw"] for batch, _ in good):
            self.say(104, "frame", "lz4 does not give the lines that the directories promise")
            return
        position = 0
        for batch, _ in good:
            part = lines[position:position + batch["raw"]]
            position += batch["raw"]
            batch["lines"] = part
            check_lines(batch, part, self.say)

    def check_footer(self):
        footer = self.footer
        types, spans = read_frame_table(self.data, footer)
        entries = read_postings(self.data, footer, len(spans)) if "subjects" in footer["sections"] else None
        footer["spans"], footer["types"], footer["entries"] = spans, types, entries
        if self.damages:
            return
        if self.gaps:
            # The table is of the time before the damage, or has a span for each gap; only its sums can be checked.
            ends = (spans[-1]["offset"] + spans[-1]["bytes"], spans[-1]["first"] + spans[-1]["count"])
            if ends != (footer["offset"], footer["first"] + footer["count"]):
                self.say(footer["offset"], "section frames", "it does not end where the batches end")
            return
        wanted = expected_spans(self.batches)
        if types:
            given = spans
        else:
            given = [dict(span, types=other["types"]) for span, other in zip(spans, wanted)]
        if given != wanted:
            self.say(footer["offset"], "section frames", "it is not the table of the segment's batches")
        count = sum(batch["count"] for batch in self.batches)
        raw = sum(batch["raw"] for batch in self.batches)
        if (footer["first"], footer["count"], footer["raw"]) != (self.header["first"], count, raw):
            self.say(footer["offset"], "footer", "it does not sum up the segment's batches")
        last = self.batches[-1]
        event = last["events"][-1]
        line = last["lines"][event["start"]:event["start"] + event["length"] - 1]
        if hashlib.sha256(line).digest() != footer["last_hash"]:
            self.say(footer["offset"], "footer", "it does not name the last line")
        if entries is not None:
            self.check_postings(entries, spans)

    def check_postings(self, entries, spans):
        found = {}
        key = subject_key(self.header["log"])
        for number, span in enumerate(spans):
            for batch in self.batches:
                if not span["first"] <= batch["first"] < span["first"] + span["count"]:
                    continue
                for event in batch["events"]:
                    if event["subject_length"]:
                        line = batch["lines"][event["start"]:event["start"] + event["length"]]
                        parsed = json.loads(line)
                        where, _ = found.setdefault(parsed["subject"], ([], 0))
                        if not where or where[-1] != number:
                            where.append(number)
                        found[parsed["subject"]] = (where, parsed["subjectsequence"])
        derived = sorted((siphash(*key, subject.encode()) >> 16, version, tuple(where))
                         for subject, (where, version) in found.items())
        if derived != sorted((hashed, version, tuple(where)) for hashed, version, _, where in entries):
            self.say(self.footer["offset"], "section subjects", "it does not say where the lines' subjects are")

    def lines(self):
        for batch in self.batches:
            yield batch.get("lines", b"")

    def describe(self):
        header = self.header
        print(f"{self.path}: log {header['log'].hex()}, first {header['first']}, features "
              f"required 0x{header['required']:x} optional 0x{header['optional']:x}, "
              f"after {header['lineage'].hex()[:16]}…")

    def describe_directories(self):
        for batch in self.batches:
            times = ", ".join(instant(time) for time in batch["times"])
            print(f"{batch['offset']}: events {batch['first']}..{batch['first'] + batch['count'] - 1}, "
                  f"{batch['raw']} raw, {batch['bytes']} + {batch['frame_bytes']} bytes, times {times}, "
                  f"types {' '.join(batch['types'])}")
            if self.options.events:
                for number, event in enumerate(batch["events"]):
                    print(f"  {batch['first'] + number}: {batch['types'][event['type']]} "
                          f"line {event['start']}+{event['length']} "
                          f"subject {event['subject']}+{event['subject_length']} data {event['data']} "
                          f"time {instant(event['time'])} recorded {instant(event['recorded'])}")

    def describe_footer(self):
        footer = self.footer
        if not footer:
            print(f"{self.path}: no footer: the segment is active")
            return
        state = "repacked" if footer["repacked"] else "closed"
        print(f"{self.path}: {state}, events {footer['first']}..{footer['first'] + footer['count'] - 1}, "
              f"{footer['raw']} raw bytes, last line {footer['last_hash'].hex()}")
        for first, behind, start, end, accepted in self.gaps:
            print(f"  gap: events {first}..{behind - 1}, {end - start} bytes at {start}, accepted {instant(accepted)}")
        for name, section in footer["sections"].items():
            print(f"  section {name}: {section['bytes']} bytes at {section['offset']}, {section['plain']} plain")
        for number, span in enumerate(footer.get("spans", [])):
            print(f"  span {number}: {span['bytes']} bytes at {span['offset']}, events {span['first']}.."
                  f"{span['first'] + span['count'] - 1}, {span['raw']} raw, types {' '.join(sorted(span['types']))}")
        for key, version, previous, spans in footer.get("entries") or []:
            print(f"  subject {key:012x}: version {version}, previous segment {previous}, spans {spans}")
