import Foundation
package import SystemPackage

/// The machine a figure was taken on.
package struct Machine: Sendable, Encodable {
    /// The processor, as it names itself.
    package var processor: String
    /// How many cores this process may use.
    package var cores: Int
    /// Memory in bytes.
    package var memory_bytes: UInt64
    /// The kernel's release.
    package var kernel: String
    /// The kind of file system the files are on.
    package var file_system: String
    /// How many processes wanted a core in the last minute, before the benchmark began.
    package var load: Double

    /// This machine, with the file system that `folder` is on.
    package static func current(_ folder: FilePath) -> Machine {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = model?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
        var loads = [0.0, 0.0, 0.0]
        getloadavg(&loads, 3)
        let release = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? "unknown"
        return Machine(
            processor: name ?? "unknown", cores: ProcessInfo.processInfo.activeProcessorCount,
            memory_bytes: ProcessInfo.processInfo.physicalMemory,
            kernel: release.trimmingCharacters(in: .whitespacesAndNewlines), file_system: fileSystem(of: folder),
            load: loads[0])
    }

    /// Whether others were using the cores before the benchmark began.
    package var isBusy: Bool { load > Double(cores) * 0.3 }

    private static func fileSystem(of folder: FilePath) -> String {
        let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: folder.string)) ?? folder.string
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        var found = (path: "", kind: "unknown")
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count > 2, fields[1].count >= found.path.count else { continue }
            // The longest mount point above the folder is the one it is on.
            let prefix = fields[1] == "/" ? "/" : fields[1] + "/"
            if (place + "/").hasPrefix(prefix) { found = (fields[1], fields[2]) }
        }
        return found.kind
    }
}
