import Foundation
import SystemPackage

/// The limit of appending: writing and syncing bytes, and nothing else.
///
/// The file is filled with zeros and synced first, so that no sync has to grow it; at its end it begins again at its
/// start.
final class BareAppend {
    private static let fileBytes = 64 << 20

    private let descriptor: FileDescriptor
    private var offset = 0

    /// Makes the file in `folder`.
    init(in folder: FilePath) throws {
        descriptor = try FileDescriptor.open(
            folder.appending("bare"), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        for place in stride(from: 0, to: Self.fileBytes, by: zeros.count) {
            _ = try descriptor.writeAll(toAbsoluteOffset: Int64(place), zeros)
        }
        fsync(descriptor.rawValue)
    }

    deinit { try? descriptor.close() }

    /// Writes the bytes behind those before and waits until they are on disk.
    func append(_ bytes: ArraySlice<UInt8>) throws {
        if offset + bytes.count > Self.fileBytes { offset = 0 }
        _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
        guard fdatasync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        offset += bytes.count
    }

    /// Appends as many bytes again and again; nanoseconds of each.
    func loop(bytes: Int, seconds: Double) throws -> (latencies: [UInt64], seconds: Double) {
        let piece = [UInt8](repeating: 0x55, count: max(1, min(bytes, Self.fileBytes)))
        var latencies: [UInt64] = []
        let start = DispatchTime.now().uptimeNanoseconds
        let deadline = start + UInt64(seconds * 1e9)
        var last = start
        while last < deadline {
            try append(piece[...])
            let now = DispatchTime.now().uptimeNanoseconds
            latencies.append(now - last)
            last = now
        }
        return (latencies.sorted(), Double(last - start) / 1e9)
    }
}
