/// A read-only view of JSON text that has been validated already: nothing is parsed until it is asked for.
///
/// Looking a key up scans the object's bytes; for the small objects that events carry this is cheaper than building a
/// tree. The bytes are trusted to be valid JSON without insignificant white space, as every stored line is; on other
/// bytes the answers are unspecified but never out of bounds.
public struct JSONView: Sendable, Equatable {
    /// What a JSON value is.
    public enum Kind: Sendable { case object, array, string, number, boolean, null }

    /// The value's text.
    public let bytes: ArraySlice<UInt8>
    /// Where its members are, if that was found out.
    private let foundMembers: JSONMembers

    /// A view of `bytes`, the text of one JSON value.
    public init(_ bytes: ArraySlice<UInt8>) {
        self.init(bytes, members: .unknown)
    }

    /// A view of an object whose members are these.
    init(_ bytes: ArraySlice<UInt8>, members: JSONMembers) {
        self.bytes = bytes
        foundMembers = members
    }

    /// A view of `bytes`, the text of one JSON value.
    public init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// Whether both are the same text.
    public static func == (left: JSONView, right: JSONView) -> Bool { left.bytes == right.bytes }

    /// A view of JSON null.
    public static let null = JSONView(ArraySlice("null".utf8))

    /// What the value is, told by its first byte.
    public var kind: Kind { Self.kind(ofFirst: bytes.first) }

    @inline(__always)
    private static func kind(ofFirst byte: UInt8?) -> Kind {
        switch byte {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"), nil: .null
        default: .number
        }
    }

    /// The member of an object with this key; `nil` if there is none or this is no object.
    public subscript(key: String) -> JSONView? { find(key).map { view($0) } }

    /// The text of a member of an object, as `text` gives it; `nil` if there is none.
    public func text(of key: String) -> String? {
        guard let range = find(key) else { return nil }
        let value = bytes.span.extracting(range)
        switch JSONView.kind(ofFirst: value.count > 0 ? value[0] : nil) {
        case .string: return JSONText.decodedString(value.extracting(1..<max(1, value.count - 1)))
        case .number: return value.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        default: return nil
        }
    }

    /// Where the value of a member is, counted from the start of `bytes`.
    @inline(__always)
    private func find(_ key: String) -> Range<Int>? {
        let text = bytes.span
        let key = key.utf8.span
        return foundMembers.isKnown ? foundMembers.find(key, in: text) : JSONWalk.find(key, in: text)
    }

    /// The decoded text of a JSON string; `nil` for every other kind.
    public var string: String? {
        guard kind == .string else { return nil }
        let text = bytes.span
        return JSONText.decodedString(text.extracting(1..<max(1, text.count - 1)))
    }

    /// The decoded text of a string, or the literal text of a number; `nil` for every other kind.
    ///
    /// Ids, amounts and the like arrive as either; no number is ever re-rendered.
    public var text: String? {
        switch kind {
        case .string: string
        case .number: jsonText
        default: nil
        }
    }

    /// A number that is a whole number within `Int64`, or a string that holds one.
    ///
    /// `3`, `3.00`, `3e2` and `"3"` are whole; `3.5` is not.
    public var integer: Int64? {
        let text = bytes.span
        switch kind {
        case .number: return JSONNumber.wholeNumber(text)
        case .string where text.count > 2: return JSONNumber.wholeNumber(text.extracting(1..<(text.count - 1)))
        default: return nil
        }
    }

    /// A JSON boolean.
    public var boolean: Bool? {
        switch bytes.first {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// Whether this is JSON null.
    public var isNull: Bool { kind == .null }

    /// The elements of an array, in order; empty for every other kind.
    public var elements: [JSONView] {
        let text = bytes.span
        var offset = 0
        var result: [JSONView] = []
        while let range = JSONWalk.nextElement(text, &offset) { result.append(view(range)) }
        return result
    }

    /// The members of an object, in order; empty for every other kind.
    public var members: [(key: String, value: JSONView)] {
        let text = bytes.span
        var offset = 0
        var result: [(key: String, value: JSONView)] = []
        while let member = JSONWalk.nextMember(text, &offset) {
            result.append((JSONText.decodedString(text.extracting(member.key)), view(member.value)))
        }
        return result
    }

    /// The members of an object, in order, nothing decoded; empty for every other kind.
    public var rawMembers: RawMembers { RawMembers(self) }

    /// The value's JSON text.
    public var jsonText: String { bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }

    /// The view of a part, given by offsets from the start of `bytes`.
    @inline(__always)
    fileprivate func view(_ range: Range<Int>) -> JSONView {
        let start = bytes.startIndex
        return JSONView(bytes[(start + range.lowerBound)..<(start + range.upperBound)])
    }
}

extension JSONView {
    /// Goes through the members of an object without decoding or copying anything.
    public struct RawMembers: Sequence, IteratorProtocol {
        private let object: JSONView
        private var offset = 0

        init(_ object: JSONView) {
            self.object = object
        }

        /// The next member; its key is a JSON string with its quotes and escapes.
        public mutating func next() -> (key: JSONView, value: JSONView)? {
            // A local copy, so that the span does not borrow all of self.
            let object = object
            let text = object.bytes.span
            guard let member = JSONWalk.nextMember(text, &offset) else { return nil }
            let quoted = (member.key.lowerBound - 1)..<Swift.min(text.count, member.key.upperBound + 1)
            return (object.view(quoted), object.view(member.value))
        }
    }

    /// The bytes between the quotes of a JSON string that holds no escape; `nil` for everything else.
    public var plainString: ArraySlice<UInt8>? {
        guard bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") else { return nil }
        let text = bytes.span
        for index in 0..<text.count where text[index] == UInt8(ascii: "\\") { return nil }
        return bytes[(bytes.startIndex + 1)..<(bytes.endIndex - 1)]
    }
}

/// Numbers read from their text, exactly.
enum JSONNumber {
    /// The whole number that a decimal text spells, if it is one and fits; `3.00` and `3e2` are whole numbers.
    static func wholeNumber(_ text: Span<UInt8>) -> Int64? {
        var index = 0
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative { index = 1 }
        var value: Int64 = 0
        let start = index
        while index < text.count, text[index] &- UInt8(ascii: "0") <= 9 {
            guard let next = appended(text[index], to: value, isNegative) else { return nil }
            value = next
            index += 1
        }
        guard index > start else { return nil }
        return index == text.count ? value : scaled(value, isNegative, text, &index)
    }

    /// A fraction and an exponent applied to `value`; exponents of more than three digits are not looked at.
    private static func scaled(_ value: Int64, _ isNegative: Bool, _ text: Span<UInt8>, _ index: inout Int) -> Int64? {
        var fraction: [UInt8] = []
        if text[index] == UInt8(ascii: ".") {
            index += 1
            while index < text.count, text[index] &- UInt8(ascii: "0") <= 9 {
                fraction.append(text[index])
                index += 1
            }
            guard !fraction.isEmpty else { return nil }
        }
        guard let exponent = exponent(text, &index), index == text.count else { return nil }
        while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
        var result = value
        if exponent < 0 {
            guard fraction.isEmpty else { return nil }
            for _ in 0..<min(-exponent, 20) {
                guard result % 10 == 0 else { return nil }
                result /= 10
            }
            return result
        }
        guard fraction.count <= exponent else { return nil }
        for step in 0..<exponent {
            let digit = step < fraction.count ? fraction[step] : UInt8(ascii: "0")
            if result == 0, digit == UInt8(ascii: "0") { continue }
            guard let next = appended(digit, to: result, isNegative) else { return nil }
            result = next
        }
        return result
    }

    private static func exponent(_ text: Span<UInt8>, _ index: inout Int) -> Int? {
        guard index < text.count, text[index] | 0x20 == UInt8(ascii: "e") else { return 0 }
        index += 1
        var isNegative = false
        if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        let count = text.count - index
        guard (1...3).contains(count), let value = Digits.number(text, at: index, count: count) else { return nil }
        index = text.count
        return isNegative ? -value : value
    }

    private static func appended(_ digit: UInt8, to value: Int64, _ isNegative: Bool) -> Int64? {
        let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
        let step = Int64(digit &- UInt8(ascii: "0"))
        let (sum, over) = isNegative ? tens.subtractingReportingOverflow(step) : tens.addingReportingOverflow(step)
        return overflow || over ? nil : sum
    }
}
