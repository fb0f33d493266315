import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// GB18030 to UTF-8 through the system's iconv, one-, two- and four-byte characters alike.
///
/// Unsafe code: the pointers handed to iconv live only within the closures that make them, and iconv never writes past
/// the lengths it is given. The descriptor is closed once, in `deinit`.
final class GB18030Converter {
    private let descriptor: iconv_t
    /// The start of a character whose other bytes are in the next chunk.
    private var rest: [UInt8] = []

    /// `nil` if this system has no such converter.
    init?() {
        guard let descriptor = iconv_open("UTF-8", "GB18030"), Int(bitPattern: descriptor) != -1 else { return nil }
        self.descriptor = descriptor
    }

    /// Appends the UTF-8 of `chunk` to `text`, and 0xFF for each byte that belongs to no character.
    func convert(_ chunk: [UInt8], isLast: Bool, to text: inout [UInt8]) {
        var input = rest + chunk
        rest = []
        var position = 0
        // Two bytes become at most three, four at most four.
        var output = [UInt8](repeating: 0, count: input.count * 2 + 16)
        while position < input.count {
            let (read, written, failure) = step(&input, from: position, into: &output)
            text.append(contentsOf: output[..<written])
            position += read
            if failure == EILSEQ || (failure == EINVAL && isLast) {
                text.append(0xFF)
                position += 1
            } else if failure == EINVAL {
                rest = Array(input[position...])
                return
            } else if failure != 0, failure != E2BIG {
                text.append(0xFF)
                position += 1
            }
        }
    }

    /// Converts as much as possible: bytes read, bytes written, and `errno` or 0.
    private func step(
        _ input: inout [UInt8], from position: Int, into output: inout [UInt8]
    ) -> (read: Int, written: Int, failure: Int32) {
        let descriptor = self.descriptor
        return input.withUnsafeMutableBytes { inBytes in
            output.withUnsafeMutableBytes { outBytes in
                var inPointer = inBytes.baseAddress?.advanced(by: position).assumingMemoryBound(to: CChar.self)
                var inLeft = inBytes.count - position
                var outPointer = outBytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                var outLeft = outBytes.count
                let result = iconv(descriptor, &inPointer, &inLeft, &outPointer, &outLeft)
                let failure = result == -1 ? errno : 0
                return (inBytes.count - position - inLeft, outBytes.count - outLeft, failure)
            }
        }
    }

    deinit {
        iconv_close(descriptor)
    }
}
