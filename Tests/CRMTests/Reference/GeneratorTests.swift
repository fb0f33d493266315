import EventLog
import Foundation
import Testing

@testable import CRM

/// Tools/generate.py writes what the catalogue accepts, and the same bytes every time.
@Suite struct GeneratorTests {
    @Test(arguments: ["none", "short", "uuid"]) func isWhatTheCatalogueAccepts(ids: String) throws {
        var arguments = ["--events", "12000", "--ids", ids]
        if ids != "none" { arguments += ["--corrections"] }
        let catalogue = try Catalogue.load()
        var parser = EventParser()
        var types: Set<String> = []
        var customers: Set<String> = []
        for line in try ReferenceLogTests.generate(arguments).split(separator: "\n") {
            let draft = try parser.parse(Array(line.utf8))
            let warnings = try catalogue.validate(draft)
            #expect(warnings.isEmpty, "\(line): \(warnings)")
            #expect(draft.source?.hasPrefix("/synthetic/") == true)
            #expect((draft.id == nil) == (ids == "none"))
            types.insert(draft.type)
            if let subject = draft.subject { customers.insert(subject) }
        }
        // What Touchline writes itself is no part of a life; corrections only come with ids.
        let own = ["churn.model_published", "definition.published", "import.completed", "import.undone"]
        let expected = Set(catalogue.types.map { $0.name.prefix { $0 != "." } })
            .subtracting(own.map { $0.prefix { $0 != "." } }).subtracting(ids == "none" ? ["event"] : [])
        #expect(Set(types.map { $0.prefix { $0 != "." } }).isSuperset(of: expected))
        #expect(customers.count > 300)
    }

    @Test func isTheSameEveryTimeInAnyOrder() throws {
        let plain = try ReferenceLogTests.generate(["--events", "3000", "--seed", "5"])
        let late = try ReferenceLogTests.generate(["--events", "3000", "--seed", "5", "--shuffle", "0.2"])
        let shuffled = try ReferenceLogTests.generate(["--events", "3000", "--seed", "5", "--shuffle", "all"])
        #expect(try plain == ReferenceLogTests.generate(["--events", "3000", "--seed", "5"]))
        #expect(try plain != ReferenceLogTests.generate(["--events", "3000", "--seed", "6"]))
        let lines = plain.split(separator: "\n").sorted()
        #expect(late != plain && late.split(separator: "\n").sorted() == lines)
        #expect(shuffled != late && shuffled.split(separator: "\n").sorted() == lines)
    }
}
