import Foundation

/// Answers as JSON documents with stable keys.
enum JSONOutput {
    /// Prints a value as one JSON document.
    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        Output.write(ArraySlice(try encoder.encode(value)))
        Output.line()
        Output.flush()
    }

    /// Prints a value as one line of NDJSON.
    static func line(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Output.write(ArraySlice(try encoder.encode(value)))
        Output.line()
    }
}
