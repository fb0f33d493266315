"""Numbers, LZ4 blocks and instants, as the format writes them."""
import datetime
import struct

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
