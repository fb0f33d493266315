import CRM
import Foundation
import Projection
import Testing

/// The catalogue of projectors and the folder of their files say the same.
@Suite struct ProjectorCatalogueTests {
    private let projectors: [any Projector]

    init() throws {
        projectors = try ProjectorCatalogue.projectors(CRMConfiguration())
    }

    @Test func everyFileOfAProjectorHasItsLine() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: "Sources/CRM/Projectors").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix("Projector.swift") }.map { String($0.dropLast(".swift".count)) }
        let listed = projectors.map { String(describing: type(of: $0)) }
        #expect(files.sorted() == listed.sorted())
    }

    @Test func namesAreDistinctAndColumnsDocumented() {
        let tables = projectors.flatMap(\.tables)
        let names = tables.map(\.name) + projectors.flatMap(\.views).map(\.name) + ["projections", "anomalies"]
        #expect(Set(names).count == names.count)
        #expect(Set(projectors.map(\.name)).count == projectors.count)
        for table in tables {
            let columns = table.columns.map(\.name)
            #expect(Set(columns).count == columns.count, "\(table.name)")
            #expect(table.primaryKey.allSatisfy { columns.contains($0) }, "\(table.name)")
            #expect(!table.isPerSubject || table.primaryKey.first == "subject", "\(table.name)")
            #expect(table.columns.allSatisfy { !$0.summary.isEmpty } && !table.summary.isEmpty, "\(table.name)")
        }
    }
}
