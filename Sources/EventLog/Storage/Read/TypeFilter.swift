/// Which event types are wanted: exact names, or globs in which `*` stands for any text and `?` for one character.
public struct TypeFilter: Sendable, Equatable {
    // Bytes throughout: to `String`, two spellings of one accented letter are the same, and a mark that joins the
    // letter before it hides that letter.
    private var exact: Set<[UInt8]> = []
    private var prefixes: [[UInt8]] = []
    private var globs: [[UInt8]] = []
    private var matchesAll = false

    /// A filter of these patterns; an event matches if one of them does.
    ///
    /// No pattern: nothing matches.
    ///
    /// `*` matches every type; `purchase.*` every type that starts with `purchase.`; `*.opened` every type that ends
    /// so; what holds neither `*` nor `?` matches itself only, byte for byte. A character is a Unicode scalar.
    public init(_ patterns: [String]) {
        for pattern in patterns {
            let bytes = Array(pattern.utf8)
            let wildcards = bytes.count { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
            if bytes == [UInt8(ascii: "*")] {
                matchesAll = true
            } else if wildcards == 0 {
                exact.insert(bytes)
            } else if wildcards == 1, bytes.last == UInt8(ascii: "*") {
                prefixes.append(bytes.dropLast())
            } else {
                globs.append(bytes)
            }
        }
    }

    /// Whether events of this type are wanted.
    public func matches(_ type: String) -> Bool {
        if matchesAll { return true }
        let type = Array(type.utf8)
        return exact.contains(type) || prefixes.contains { type.starts(with: $0) }
            || globs.contains { Self.matches($0, type) }
    }

    /// Whether every type is wanted.
    public var matchesEverything: Bool { matchesAll }

    /// Goes back to the last `*` where what follows it does not fit: linear but for the stars.
    private static func matches(_ glob: [UInt8], _ text: [UInt8]) -> Bool {
        var (place, position) = (0, 0)
        var (star, resume) = (-1, 0)
        while position < text.count {
            if place < glob.count, glob[place] == UInt8(ascii: "*") {
                (star, resume) = (place, position)
                place += 1
            } else if place < glob.count, glob[place] == UInt8(ascii: "?") {
                place += 1
                position = next(text, position)
            } else if place < glob.count, glob[place] == text[position] {
                place += 1
                position += 1
            } else if star >= 0 {
                place = star + 1
                resume = next(text, resume)
                position = resume
            } else {
                return false
            }
        }
        return glob[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// Where the character after the one at `position` starts.
    private static func next(_ text: [UInt8], _ position: Int) -> Int {
        var next = position + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
