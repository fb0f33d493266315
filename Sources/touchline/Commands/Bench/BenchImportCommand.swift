import ArgumentParser
import SystemPackage
import TouchlineBench

struct BenchImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "How fast the rows of a CSV file become events.",
        discussion: """
            A made-up table of orders goes the way that `touchline import csv` goes, under a mapping of seven columns. \
            Beside it, the same events appended as NDJSON: what an import does more is read CSV and follow a mapping.
            """)

    @OptionGroup var bench: BenchOptions

    @Option(help: "How many rows are made up.")
    var rows: UInt64 = 500_000

    func validate() throws {
        guard rows > 0 else { throw ValidationError("--rows 0: give at least 1") }
    }

    func run() async throws {
        var options = ImportBenchmark.Options()
        options.rows = rows
        options.runs = bench.runs
        try await bench.run { try await ImportBenchmark.run(options, folder: bench.path, progress: $0) }
    }
}
