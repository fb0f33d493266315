"""A closed segment's footer with its sections: frames, gaps, and where which subject is."""
import struct
import zlib

from .encoding import Cursor, Damage, lz4_block
from .format import SKIPPABLE

SPAN_BYTES_MAX = 65536


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
