"""A segment's header, the directories of its batches, and the batches' lines."""
import json
import struct
import zlib

from .encoding import Cursor, Damage, lz4_block, parse_time

SKIPPABLE = 0x184D2A54
VERSION = 1
KNOWN_REQUIRED_FEATURES = 0
UNITS = [1, 1_000, 1_000_000, 60_000_000]


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
