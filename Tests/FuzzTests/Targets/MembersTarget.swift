@testable import EventLog

extension FuzzTarget {
    /// The value of `data` with its members found beforehand: on normalised JSON the answers are those of a walk, and
    /// on any bytes both stay in bounds.
    package static let members = FuzzTarget(
        name: "members", bytesMax: 2_048,
        check: { bytes in
            let (found, walked) = (data(bytes, findingMembers: true), data(bytes, findingMembers: false))
            let isNormalised = (try? JSONText.normalised(bytes)) == bytes
            for key in walked.members.prefix(40).map(\.key) + ["", "a", "amount", "ab\"", "abcdefghi"] {
                let (one, other) = (found[key], walked[key])
                let texts = (found.text(of: key), walked.text(of: key))
                guard isNormalised else { continue }
                try require(one == other, "a member is found where a walk finds it")
                try require(texts == (other?.text, other?.text), "a member has one text")
            }
        },
        seeds: { lines in
            let stored = try SeedLog.batch(lines).prefix(12).map { content, index in
                Array(content.event(index).data.bytes)
            }
            return stored + someObjects.map { Array($0.utf8) }
        })

    private static let someObjects: [String] = [
        "{}", "[1]", "null", #"{"":"x","a":{"b":[1,{"a":2}]},"ab":"","abcdefgh":null,"abcdefghi":"\"","b":-1e3}"#,
        #"{"a":"1","a":"2"}"#, #"{"a\"":1,"b":2}"#, object(of: 12), object(of: 13),
    ]

    private static func object(of count: Int) -> String {
        "{" + (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
    }

    /// The data of an event whose line holds nothing else.
    private static func data(_ bytes: [UInt8], findingMembers: Bool) -> JSONView {
        let line = [UInt8(ascii: "{")] + bytes + [UInt8(ascii: "}")]
        let time = Instant(microseconds: 0)
        return StoredEvent(
            sequence: 0, time: time, recordedTime: time, type: "x.y", subject: nil, line: line[...], dataStart: 1,
            findingMembers: findingMembers
        ).data
    }
}
