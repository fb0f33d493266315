import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure, with the limit of this machine beside each figure.",
        discussion: """
            Each benchmark fills a folder of its own with synthetic events, measures, prints its figure beside the \
            limit that was measured in the same process, and leaves nothing behind. Figures of a shared or busy \
            machine say little: compare a figure with its limit, not with another day's figure.
            """,
        subcommands: [
            BenchAppendCommand.self, BenchReplayCommand.self, BenchHistoryCommand.self, BenchTailCommand.self,
            BenchOpenCommand.self, BenchRepackCommand.self, BenchImportCommand.self, BenchRebuildCommand.self,
            BenchDiskCommand.self, BenchFramesCommand.self, BenchCurveCommand.self, BenchAnswersCommand.self,
            BenchDataCommand.self,
            BenchFillChild.self, BenchOpenChild.self, BenchTailChild.self, BenchRebuildChild.self,
        ])
}
