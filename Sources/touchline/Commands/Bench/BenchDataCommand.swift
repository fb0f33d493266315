import ArgumentParser
import TouchlineBench

struct BenchDataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "The synthetic events of the benchmarks, as NDJSON on standard output.",
        discussion: """
            So that other programs can be measured on the same events. They are the same for the same arguments: two \
            years of a made-up company, some twenty events a customer (a few have thousands), 290 bytes a line on \
            average, in order of time. `points.expired` is one event in a hundred, and comes a thousand at a time.

              touchline bench data --events 1000000 > events.ndjson
              touchline append events.ndjson --quiet
            """)

    @Option(help: "How many.")
    var events: UInt64

    @Option(help: "Ids of the events: uuid, short (a number that counts up) or none (the log names them).")
    var ids = SyntheticLife.IDs.uuid

    @Option(help: "Another number, other events.")
    var seed: UInt64 = 1

    func run() throws {
        var stream = SyntheticLife(seed: seed, events: events, ids: ids).makeStream()
        var left = events
        while left > 0 {
            let count = min(left, 1_000)
            Output.write(stream.lines(Int(count))[...])
            left -= count
        }
        Output.flush()
    }
}
