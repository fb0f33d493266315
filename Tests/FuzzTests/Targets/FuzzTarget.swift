/// One decoder, or a few that belong together, as a function of arbitrary bytes.
///
/// The fuzzer calls it with bytes that it invents; a test calls it with every file that is kept under `Fuzz/`. On no
/// bytes may it stop the process, run for long or take much memory; and what it decodes must have the properties that
/// it checks.
package struct FuzzTarget: Sendable {
    /// Its name, and that of its folders under `Fuzz/Corpus` and `Fuzz/Regressions`.
    package let name: String
    /// Bytes of the longest input that the fuzzer invents.
    package let bytesMax: Int
    /// Looks at one input.
    ///
    /// - Throws: `Broken` if a property does not hold.
    package let check: @Sendable ([UInt8]) throws -> Void
    /// Inputs to start from, made of events' lines.
    package let seeds: @Sendable (SeedLines) throws -> [[UInt8]]

    /// All targets.
    package static let all: [FuzzTarget] = [
        .line, .json, .members, .stored, .instant, .amount, .glob, .directory, .frame, .header, .footer, .segment, .run,
        .csv, .draft, .mapping, .time, .catalogue, .pipelines, .segments, .config, .model,
        .view,
    ]

    /// The target of this name.
    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A property that does not hold.
package struct Broken: Error, CustomStringConvertible {
    /// What was expected.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Throws unless the condition holds.
func require(_ condition: Bool, _ expected: @autoclosure () -> String) throws {
    if !condition { throw Broken(expected()) }
}

/// Takes an input apart from its front: the first bytes choose, the rest is decoded.
struct FuzzInput {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// The next byte; 0 at the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// The next number, lowest byte first, with zeros for bytes that are missing.
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
        var value: Number = 0
        for index in 0..<MemoryLayout<Number>.size { value |= Number(truncatingIfNeeded: byte()) << Number(index * 8) }
        return value
    }

    /// The next bytes, fewer at the end.
    mutating func bytes(_ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return taken
    }
}

/// Events' lines to make seeds of: as a sender wrote them, and as a log wrote them.
package struct SeedLines: Sendable {
    /// As `Tools/generate.py` writes them.
    package let sent: [[UInt8]]

    /// Lines, cut at line feeds.
    package init(_ text: [UInt8]) {
        sent = text.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }
}
