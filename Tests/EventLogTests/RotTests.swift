import RotTable
import Testing

/// A small budget of what `Tools/rot` does.
@Suite struct RotTests {
    @Test(arguments: [SampleLog.Shape.small, .wide])
    func everyFlippedBitIsFoundOrDoesNotMatter(_ shape: SampleLog.Shape) async throws {
        let table = try await RotTable.make(shape, flips: shape.name == "small" ? 800 : 100, seed: 7)
        #expect(table.misses == [])
        #expect(table.sum.missed == 0)
        #expect(table.sum.found > 0)
        // Only room made ahead means nothing.
        for (name, row) in table.rows where row.harmless > 0 { #expect(name.contains("room ahead"), "\(name)") }
    }

    /// Every kind of structure is in the sample: a row that went missing would be a gap in the proof.
    @Test func theSampleCoversEachStructure() async throws {
        var table = try await RotTable.make(.small, flips: 1, seed: 1)
        table.merge(try await RotTable.make(.wide, flips: 1, seed: 1))
        let names = Set(table.rows.map(\.name))
        let batch = ["segment header", "directory, fixed part", "directory, types", "LZ4 frame, its body"]
        let footer = ["fixed part", "table of sections", "section types", "section frames", "section subjects"]
        let run = ["header"] + ["entries", "Bloom filter"].flatMap { ["\($0) of ids", "\($0) of subjects"] }
        var wanted = batch.flatMap { part in ["active", "closed", "repacked"].map { "\($0): \(part)" } }
        wanted += (footer + ["trailer"]).flatMap { part in ["closed", "repacked"].map { "\($0): footer, \(part)" } }
        wanted += run.flatMap { part in ["run", "joined run"].map { "\($0): \(part)" } }
        wanted += ["active: room ahead", "head word"]
        #expect(wanted.filter { !names.contains($0) } == [])
    }
}
