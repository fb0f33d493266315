import CKernel

/// Asks for memory that soon is read: asked for side by side, it is there sooner than one after the other.
enum Prefetch {
    private static let cacheLineBytes = 64

    /// Asks for one element.
    @inline(__always)
    static func element<Element>(_ index: Int, of elements: borrowing Span<Element>) {
        // Any address may be given, and nothing is read here.
        elements.withUnsafeBufferPointer { kernel_prefetch($0.baseAddress.map { $0 + index }) }
    }

    /// Asks for these bytes.
    @inline(__always)
    static func bytes(_ range: Range<Int>, of bytes: borrowing Span<UInt8>) {
        bytes.withUnsafeBufferPointer { bytes in
            for offset in stride(from: range.lowerBound, to: range.upperBound, by: cacheLineBytes) {
                kernel_prefetch(bytes.baseAddress.map { $0 + offset })
            }
        }
    }
}
