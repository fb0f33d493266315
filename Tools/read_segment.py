#!/usr/bin/env python3
"""Reads Touchline segment files without Touchline: the Python standard library and the `lz4` program only.

Written from Sources/EventLog/EventLog.docc/LogFormat.md alone, it proves that document: it walks every frame, decodes
headers, directories and footers, checks every checksum, decompresses the lines with `lz4 -dc`, and compares what the
directories and footers say with what the lines say. Exit status: 0 all well, 1 damage found, 64 usage, 74 I/O.
"""

import argparse
import datetime
import hashlib
import json
import struct
import subprocess
import sys
import zlib

SKIPPABLE = 0x184D2A54
LZ4_FRAME = 0x184D2204
VERSION = 1
KNOWN_REQUIRED_FEATURES = 0
SPAN_BYTES_MAX = 65536
TYPES_MAX = 4096
UNITS = [1, 1_000, 1_000_000, 60_000_000]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Damage(Exception):
    """Bytes that are not what was written."""

    def __init__(self, offset, structure, message):
        super().__init__(f"at byte {offset}, {structure}: {message}")


class Cursor:
    """Reads little-endian numbers and varints out of bytes, never past their end."""

    def __init__(self, data, offset, structure):
        self.data, self.position, self.base, self.structure = data, 0, offset, structure

    def fail(self, message):
        raise Damage(self.base, self.structure, message)

    def take(self, count):
        if count < 0 or self.position + count > len(self.data):
            self.fail("it ends too early")
        self.position += count
        return self.data[self.position - count:self.position]

    def number(self, layout):
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.number("B")
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >= 1 << 64:
                    self.fail("a varint is over 64 bits")
                return value
            shift += 7
            if shift > 63:
                self.fail("a varint is over ten bytes")

    def signed(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def rest(self):
        return self.take(len(self.data) - self.position)


def lz4_block(block, plain_length, offset, structure):
    """Decodes one raw LZ4 block."""
    output = bytearray()
    cursor = Cursor(block, offset, structure)
    while True:
        token = cursor.number("B")
        literals = token >> 4
        if literals == 15:
            literals += extended(cursor)
        output += cursor.take(literals)
        if cursor.position == len(block):
            break
        distance = cursor.number("H")
        length = token & 15
        if length == 15:
            length += extended(cursor)
        length += 4
        if distance == 0 or distance > len(output) or len(output) + length > plain_length:
            cursor.fail("its LZ4 block is malformed")
        for _ in range(length):
            output.append(output[-distance])
    if len(output) != plain_length:
        cursor.fail("its LZ4 block has another length than promised")
    return bytes(output)


def extended(cursor):
    total = 0
    while True:
        byte = cursor.number("B")
        total += byte
        if byte != 255:
            return total


def instant(microseconds):
    try:
        return (EPOCH + datetime.timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except OverflowError:
        return str(microseconds)


def parse_time(text):
    """Microseconds since 1970 of RFC 3339 text; what is finer is cut off."""
    text = text.upper()
    stamp, fraction = text[:19], text[19:]
    zone = fraction
    micros = 0
    if fraction.startswith("."):
        end = 1
        while end < len(fraction) and fraction[end].isdigit():
            end += 1
        micros = int((fraction[1:end] + "000000")[:6])
        zone = fraction[end:]
    leap = stamp.endswith(":60")
    if leap:
        stamp = stamp[:-2] + "59"
    moment = datetime.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S")
    seconds = int((moment - datetime.datetime(1970, 1, 1)).total_seconds()) + (1 if leap else 0)
    if zone != "Z":
        minutes = int(zone[1:3]) * 60 + int(zone[4:6])
        seconds -= minutes * 60 if zone[0] == "+" else -minutes * 60
    return seconds * 1_000_000 + micros


def read_header(data):
    cursor = Cursor(data[:104], 0, "header")
    if len(data) < 12 or struct.unpack("<I", data[:4])[0] != SKIPPABLE or data[8:12] != b"TLH1":
        raise Damage(0, "header", "this is no segment")
    cursor.take(4)
    length = cursor.number("I")
    cursor.take(4)
    version = cursor.number("H")
    if version != VERSION:
        raise Damage(0, "header", f"format version {version}, this reader knows {VERSION}")
    if length != 96:
        cursor.fail("its length is wrong")
    cursor.take(2)
    header = {"required": cursor.number("Q"), "optional": cursor.number("Q"), "log": cursor.take(16)}
    header.update(first=cursor.number("Q"), floor=cursor.number("q"), lineage=cursor.take(32))
    cursor.take(4)
    if cursor.number("I") != zlib.crc32(data[8:100]):
        cursor.fail("it does not match its checksum")
    if header["required"] & ~KNOWN_REQUIRED_FEATURES:
        cursor.fail(f"it requires unknown features 0x{header['required']:x}")
    return header


def read_directory(data, offset, length, log):
    """Decodes the directory whose frame starts at `offset`."""
    frame = data[offset:offset + 8 + length]
    cursor = Cursor(frame, offset, "directory")
    if len(frame) < 96 or len(frame) < 8 + length:
        cursor.fail("it is cut short")
    cursor.take(12)
    if cursor.number("I") != zlib.crc32(frame[16:]):
        cursor.fail("it does not match its checksum")
    if cursor.take(16) != log:
        cursor.fail("it belongs to another log")
    batch = {"offset": offset, "bytes": 8 + length, "first": cursor.number("Q"), "count": cursor.number("I")}
    batch.update(raw=cursor.number("I"), frame_bytes=cursor.number("I"), crc=cursor.number("I"))
    batch["times"] = tuple(cursor.number("q") for _ in range(4))
    type_count, encoding, plain_length = cursor.number("H"), cursor.number("H"), cursor.number("I")
    stored = cursor.rest()
    if encoding == 1:
        stored = lz4_block(stored, plain_length, offset, "directory")
    elif encoding != 0 or len(stored) != plain_length:
        cursor.fail("its columns have an unknown encoding or a wrong length")
    columns = Cursor(stored, offset, "directory")
    batch["types"] = [columns.take(columns.varint()).decode() for _ in range(type_count)]
    batch["events"] = read_columns(columns, batch)
    return batch


def read_columns(columns, batch):
    count = batch["count"]
    events = [{} for _ in range(count)]
    for name in ("length", "type", "subject_length"):
        for event in events:
            event[name] = columns.varint()
    for event in events:
        event["subject"] = columns.varint() if event["subject_length"] else 0
    for event in events:
        event["data"] = columns.varint()
    recorded = batch["times"][2]
    for event in events:
        recorded += columns.varint()
        event["recorded"] = recorded
    unit = UNITS[columns.number("B")]
    last = batch["times"][0] // unit * unit
    for event in events:
        value = columns.varint()
        if value == 0:
            event["time"] = event["recorded"]
        else:
            value -= 1
            last += ((value >> 1) ^ -(value & 1)) * unit
            event["time"] = last
    if columns.position != len(columns.data):
        columns.fail("bytes are left over behind its columns")
    start = 0
    for event in events:
        event["start"] = start
        start += event["length"]
    if start != batch["raw"]:
        columns.fail("its line lengths do not add up")
    return events


def decompress(data, batch):
    """The lines of a batch, by the lz4 program."""
    offset = batch["offset"] + batch["bytes"]
    frame = data[offset:offset + batch["frame_bytes"]]
    if len(frame) != batch["frame_bytes"] or zlib.crc32(frame) != batch["crc"]:
        raise Damage(offset, "frame", "the compressed lines do not match their checksum")
    return frame


def check_lines(batch, lines, say):
    """Compares a directory with its lines; `say` is told of every difference."""
    if len(lines) != batch["raw"]:
        say(batch["offset"], "frame", "the lines have another length than promised")
        return
    times = []
    for number, event in enumerate(batch["events"]):
        sequence = batch["first"] + number
        line = lines[event["start"]:event["start"] + event["length"]]

        def wrong(message):
            say(batch["offset"], f"event {sequence}", message)

        if line[-1:] != b"\n":
            wrong("its line does not end where the directory says")
            continue
        try:
            parsed = json.loads(line)
        except ValueError as error:
            wrong(f"its line is not JSON: {error}")
            continue
        recorded = parse_time(parsed["recordedtime"])
        time = parse_time(parsed["time"]) if "time" in parsed else recorded
        times.append((time, recorded))
        if parsed["sequence"] != f"{sequence:020d}":
            wrong(f"its line says sequence {parsed['sequence']}")
        if batch["types"][event["type"]] != parsed["type"]:
            wrong("its type is not the line's")
        if (time, recorded) != (event["time"], event["recorded"]):
            wrong("its times are not the line's")
        subject = line[event["subject"]:event["subject"] + event["subject_length"]]
        if event["subject_length"]:
            if json.loads(b'"' + subject + b'"') != parsed.get("subject"):
                wrong("its subject is not the line's")
        elif "subject" in parsed:
            wrong("its line has a subject, the directory none")
        if event["data"]:
            if line[event["data"] - 7:event["data"]] != b'"data":' or "data" not in parsed:
                wrong("its data does not start where the directory says")
        elif "data" in parsed:
            wrong("its line has data, the directory none")
    if times:
        ranges = tuple(pick(time[kind] for time in times) for kind in (0, 1) for pick in (min, max))
        if ranges != batch["times"]:
            say(batch["offset"], "directory", "its ranges of times are not those of its lines")


def read_footer(data, log):
    """The footer, found from the file's end; None if there is none."""
    if len(data) < 104 + 136 + 16 or data[-8:] != b"TLSEGEND":
        return None
    total = struct.unpack("<Q", data[-16:-8])[0]
    start = len(data) - total
    if total < 152 or start < 104:
        return None
    cursor = Cursor(data[start:], start, "footer")
    if cursor.number("I") != SKIPPABLE or cursor.number("I") != total - 8 or cursor.take(4) != b"TLF1":
        return None
    checksum = cursor.number("I")
    footer = {"offset": start, "log": cursor.take(16), "first": cursor.number("Q"), "count": cursor.number("Q")}
    footer.update(raw=cursor.number("Q"), batches_end=cursor.number("Q"))
    footer["times"] = tuple(cursor.number("q") for _ in range(4))
    footer["last_hash"] = cursor.take(32)
    section_count, flags = cursor.number("I"), cursor.number("I")
    footer["repacked"] = bool(flags & 1)
    footer["sections"] = {}
    for _ in range(section_count):
        name = cursor.take(8).rstrip(b"\0").decode()
        encoding, crc = cursor.number("I"), cursor.number("I")
        section = {"encoding": encoding, "crc": crc, "offset": cursor.number("Q"), "bytes": cursor.number("Q")}
        section["plain"] = cursor.number("Q")
        footer["sections"][name] = section
    if zlib.crc32(data[start + 16:start + cursor.position]) != checksum or footer["log"] != log:
        raise Damage(start, "footer", "it does not match its checksum or its log")
    return footer


def section_bytes(data, footer, name):
    section = footer["sections"][name]
    stored = data[section["offset"]:section["offset"] + section["bytes"]]
    checked = stored[:8] if name == "subjects" else stored
    if len(stored) != section["bytes"] or zlib.crc32(checked) != section["crc"]:
        raise Damage(section["offset"], f"section {name}", "it does not match its checksum")
    if section["encoding"] == 1:
        return lz4_block(stored, section["plain"], section["offset"], f"section {name}")
    return stored


def read_frame_table(data, footer):
    types_cursor = Cursor(section_bytes(data, footer, "types"), footer["offset"], "section types")
    types = [types_cursor.take(types_cursor.varint()).decode() for _ in range(types_cursor.varint())]
    cursor = Cursor(section_bytes(data, footer, "frames"), footer["offset"], "section frames")
    count, set_bytes = cursor.varint(), cursor.varint()
    offset, sequence, time, recorded = 104, footer["first"], 0, 0
    spans = []
    for _ in range(count):
        span = {"offset": offset, "bytes": cursor.varint(), "first": sequence, "count": cursor.varint()}
        span["raw"] = cursor.varint()
        time += cursor.signed()
        latest = time + cursor.varint()
        recorded += cursor.signed()
        span["times"] = (time, latest, recorded, recorded + cursor.varint())
        bits = cursor.take(set_bytes)
        span["types"] = {types[i] for i in range(len(types)) if bits[i // 8] >> (i % 8) & 1}
        offset += span["bytes"]
        sequence += span["count"]
        spans.append(span)
    if cursor.position != len(cursor.data):
        cursor.fail("bytes are left over")
    return types, spans


def read_gaps(data, footer):
    """The accepted gaps as (first sequence, sequence behind, offset, offset behind, when accepted)."""
    if not footer or "gaps" not in footer["sections"]:
        return []
    cursor = Cursor(section_bytes(data, footer, "gaps"), footer["sections"]["gaps"]["offset"], "section gaps")
    sequence, offset, gaps = footer["first"], 104, []
    for _ in range(cursor.varint()):
        first = sequence + cursor.varint()
        sequence = first + cursor.varint()
        start = offset + cursor.varint()
        offset = start + cursor.varint()
        gaps.append((first, sequence, start, offset, cursor.signed()))
    if cursor.position != len(cursor.data) or offset > footer["offset"] or sequence > footer["first"] + footer["count"]:
        cursor.fail("it does not fit the segment")
    return gaps


def read_postings(data, footer, span_count):
    """Entries as (top 48 bits of the subject's hash, version, previous segment, spans)."""
    section = section_bytes(data, footer, "subjects")
    base = footer["sections"]["subjects"]["offset"]
    bits, subjects = section[0], struct.unpack("<I", section[4:8])[0]
    table = struct.unpack(f"<{(1 << bits) + 1}I", section[8:8 + ((1 << bits) + 1) * 4])
    entries = []
    for bucket in range(1 << bits):
        content = section[table[bucket]:table[bucket + 1]]
        place = base + table[bucket]
        seed = zlib.crc32(struct.pack("<I", bucket))
        if len(content) < 4 or struct.unpack("<I", content[:4])[0] != zlib.crc32(content[4:], seed):
            raise Damage(place, f"bucket {bucket} of section subjects", "it does not match its checksum")
        cursor = Cursor(content[4:], place, f"bucket {bucket} of section subjects")
        key = 0
        while cursor.position < len(cursor.data):
            key += cursor.varint()
            if bits and key >> (48 - bits) != bucket:
                cursor.fail("a subject is in the wrong bucket")
            version, back = cursor.varint(), cursor.varint()
            previous = {0: None, 1: "unknown"}.get(back, footer["first"] - (back - 2))
            span, spans = 0, []
            for _ in range(cursor.varint()):
                span += cursor.varint()
                spans.append(span)
            if not spans or spans[-1] >= span_count:
                cursor.fail("a subject names a span that is not there")
            entries.append((key, version, previous, spans))
    if len(entries) != subjects:
        raise Damage(base, "section subjects", "it has another number of subjects than it says")
    return entries


def siphash(key0, key1, data):
    """SipHash-2-4, 64 bits."""
    mask = (1 << 64) - 1
    v = [key0 ^ 0x736F6D6570736575, key1 ^ 0x646F72616E646F6D, key0 ^ 0x6C7967656E657261, key1 ^ 0x7465646279746573]

    def rotate(word, bits):
        return (word << bits | word >> (64 - bits)) & mask

    def rounds(count):
        for _ in range(count):
            v[0] = (v[0] + v[1]) & mask
            v[2] = (v[2] + v[3]) & mask
            v[1], v[3] = rotate(v[1], 13) ^ v[0], rotate(v[3], 16) ^ v[2]
            v[0] = rotate(v[0], 32)
            v[2] = (v[2] + v[1]) & mask
            v[0] = (v[0] + v[3]) & mask
            v[1], v[3] = rotate(v[1], 17) ^ v[2], rotate(v[3], 21) ^ v[0]
            v[2] = rotate(v[2], 32)

    padded = data + b"\0" * (7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def subject_key(log):
    """The key under which a log's postings file subjects."""
    master = struct.unpack("<QQ", log)
    return tuple(siphash(*master, struct.pack("<Q", number)) for number in (2, 3))


def expected_spans(batches):
    """The spans that a footer must have for these batches."""
    spans = []
    for batch in batches:
        size = batch["bytes"] + batch["frame_bytes"]
        if spans and spans[-1]["raw"] + batch["raw"] <= SPAN_BYTES_MAX:
            last = spans[-1]
            last["bytes"] += size
            last["count"] += batch["count"]
            last["raw"] += batch["raw"]
            low, high, first, final = last["times"]
            times = batch["times"]
            last["times"] = (min(low, times[0]), max(high, times[1]), min(first, times[2]), max(final, times[3]))
            last["types"] |= set(batch["types"])
        else:
            spans.append({"offset": batch["offset"], "bytes": size, "first": batch["first"], "count": batch["count"],
                          "raw": batch["raw"], "times": batch["times"], "types": set(batch["types"])})
    return spans


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
