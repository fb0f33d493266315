/// Text that is equal only to the same bytes.
///
/// Swift's `String` takes different spellings of an accented letter for equal; ids and subjects are compared as bytes.
struct ByteText: Hashable, Comparable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: ByteText, right: ByteText) -> Bool {
        left.text.utf8.count == right.text.utf8.count && left.order(before: right) == 0
    }

    static func < (left: ByteText, right: ByteText) -> Bool { left.order(before: right) < 0 }

    /// Less than zero if the bytes come before those of the other, 0 if they are the same.
    private func order(before other: ByteText) -> Int {
        var (left, right) = (text, other.text)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                let common = min(left.count, right.count)
                for index in 0..<common where left[index] != right[index] {
                    return Int(left[index]) - Int(right[index])
                }
                return left.count - right.count
            }
        }
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
