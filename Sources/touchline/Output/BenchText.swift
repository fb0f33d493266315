import Foundation
import TouchlineBench

/// Figures of benchmarks as people read them.
enum BenchText {
    /// Seconds in milliseconds.
    static func milliseconds(_ seconds: Double) -> String {
        String(format: seconds < 0.01 ? "%.2f ms" : "%.0f ms", seconds * 1000)
    }

    /// The machine in one line.
    static func machine(_ machine: Machine) -> String {
        "\(machine.processor), \(machine.cores) cores, \(Text.bytes(machine.memory_bytes)), Linux \(machine.kernel), "
            + "\(machine.file_system); load \(String(format: "%.1f", machine.load)) before it began"
    }
}
