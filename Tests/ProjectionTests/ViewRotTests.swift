import Testing
import ViewRot

@Suite struct ViewRotTests {
    @Test func everyFlippedBitIsFoundOrHarmless() async throws {
        let rows = try await ViewRot.sample(flips: 20, seed: 3)
        for row in rows {
            #expect(row.missed.isEmpty, "\(row.state), \(row.structure): \(row.missed.prefix(3))")
            #expect(row.found + row.harmless == row.flips)
            if row.structure.hasPrefix("database") || row.structure.hasPrefix("page") {
                #expect(row.harmless == 0, "\(row.state), \(row.structure)")
            }
        }
        // What the log holds beyond the database file is only caught up with; what the file holds already is needed.
        let pages = rows.filter { $0.structure == "write-ahead log: page" }
        #expect(pages.map { $0.found > 0 } == [false, true, true])
        // After a checkpoint no frame of the log can go without being missed.
        for row in rows where row.state == "killed after a checkpoint" { #expect(row.found == row.flips) }
        #expect(Set(rows.map(\.state)).count == 4)
    }
}
