/// The columns of a directory: one after the other, each with a value an event.
///
/// 1. line length with its line feed; 2. type index; 3. length of the subject's text; 4. its offset (only events that
/// have a subject: 1 and more); 5. offset of `data` (0 = none); 6. recordedtime, how far past the event before (the
/// first: past the batch's least); 7. a byte for the unit of column 8; 8. time: 0 = recordedtime, else 1 + zigzag of
/// how many units past the last such time (the first: past the batch's least time, rounded down to the unit). All are
/// varints. Times that senders give are mostly whole seconds or minutes, hence the unit.
enum DirectoryColumns {
    /// How many columns have an entry for every event; the subject's offset has not.
    static let count = 6
    /// The units of column 8, in microseconds.
    static let units: [Int64] = [1, 1_000, 1_000_000, 60_000_000]

    static func encode(_ entries: [EventEntry], into output: inout [UInt8]) {
        for entry in entries { output.append(varint: UInt64(entry.lineEnd - entry.lineStart + 1)) }
        for entry in entries { output.append(varint: UInt64(entry.typeIndex)) }
        for entry in entries { output.append(varint: UInt64(entry.subjectLength)) }
        for entry in entries where entry.subjectLength > 0 { output.append(varint: UInt64(entry.subjectOffset)) }
        for entry in entries { output.append(varint: UInt64(entry.dataOffset)) }
        var recorded = entries.first?.recordedTime.microseconds ?? 0
        for entry in entries {
            output.append(varint: UInt64(bitPattern: entry.recordedTime.microseconds &- recorded))
            recorded = entry.recordedTime.microseconds
        }
        var least = Instant(microseconds: .max)
        for entry in entries { least = min(least, entry.time) }
        let unit = unitIndex(entries)
        output.append(UInt8(unit))
        var last = floor(least.microseconds, to: units[unit])
        for entry in entries {
            if entry.time == entry.recordedTime {
                output.append(0)
            } else {
                let steps = (entry.time.microseconds &- last) / units[unit]
                output.append(varint: steps.zigzag &+ 1)
                last = entry.time.microseconds
            }
        }
    }

    /// The largest unit that divides every sent time.
    private static func unitIndex(_ entries: [EventEntry]) -> Int {
        var index = units.count - 1
        for entry in entries where entry.time != entry.recordedTime {
            while index > 0, entry.time.microseconds % units[index] != 0 { index -= 1 }
            if index == 0 { break }
        }
        return index
    }

    /// The last multiple of `unit` that is not after `value`.
    private static func floor(_ value: Int64, to unit: Int64) -> Int64 {
        let rest = value % unit
        return value &- (rest < 0 ? rest + unit : rest)
    }

    /// Fills `entries`; false if anything does not fit.
    static func decode(
        _ reader: inout ByteReader, into entries: UnsafeMutableBufferPointer<EventEntry>, head: BatchHead,
        typeCount: Int
    ) -> Bool {
        var start = 0
        for index in entries.indices {
            let length = reader.varint(max: head.rawLength - start)
            guard length > 1 else { return false }
            entries[index].lineStart = UInt32(start)
            start += length
            entries[index].lineEnd = UInt32(start - 1)
        }
        guard start == head.rawLength else { return false }
        for index in entries.indices { entries[index].typeIndex = UInt32(reader.varint(max: typeCount - 1)) }
        for index in entries.indices { entries[index].subjectLength = UInt32(reader.varint(max: head.rawLength)) }
        for index in entries.indices where entries[index].subjectLength > 0 {
            let length = Int(entries[index].lineEnd - entries[index].lineStart)
            let offset = reader.varint(max: length)
            guard offset > 0, offset + Int(entries[index].subjectLength) < length else { return false }
            entries[index].subjectOffset = UInt32(offset)
        }
        for index in entries.indices {
            let length = Int(entries[index].lineEnd - entries[index].lineStart)
            entries[index].dataOffset = UInt32(reader.varint(max: length - 1))
        }
        var recorded = head.minRecorded.microseconds
        for index in entries.indices {
            recorded = recorded &+ Int64(bitPattern: reader.varint())
            entries[index].recordedTime = Instant(microseconds: recorded)
        }
        return decodeTimes(&reader, into: entries, head: head)
    }

    private static func decodeTimes(
        _ reader: inout ByteReader, into entries: UnsafeMutableBufferPointer<EventEntry>, head: BatchHead
    ) -> Bool {
        let unitIndex = Int(reader.u8())
        guard unitIndex < units.count else { return false }
        let unit = units[unitIndex]
        var last = floor(head.minTime.microseconds, to: unit)
        for index in entries.indices {
            let value = reader.varint()
            if value == 0 {
                entries[index].time = entries[index].recordedTime
            } else {
                last = last &+ Int64(zigzag: value - 1) &* unit
                entries[index].time = Instant(microseconds: last)
            }
        }
        return !reader.failed && reader.remaining == 0
    }
}
