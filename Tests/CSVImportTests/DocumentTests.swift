import CRM
import Foundation
import Testing

@testable import CSVImport

/// What `Mapping.md` shows is true: each of its mappings imports the file shown before it.
@Suite struct DocumentTests {
    private struct Example {
        var csv: String
        var yaml: String
    }

    private func examples() throws -> [Example] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appendingPathComponent("Sources/CSVImport/CSVImport.docc/Mapping.md").path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var examples: [Example] = []
        var csv = ""
        for block in text.components(separatedBy: "```").enumerated() where block.offset % 2 == 1 {
            if block.element.hasPrefix("csv\n") { csv = String(block.element.dropFirst(4)) }
            if block.element.hasPrefix("yaml\n"), !csv.isEmpty {
                examples.append(Example(csv: csv, yaml: String(block.element.dropFirst(5))))
                csv = ""
            }
        }
        return examples
    }

    @Test func everyExampleImports() throws {
        let examples = try examples()
        #expect(examples.count == 6)
        let catalogue = try Catalogue.load()
        for example in examples {
            let result = try Importing.run(example.yaml, csv: example.csv)
            #expect(result.rejected == [], "\(example.yaml)")
            #expect(!result.events.isEmpty)
            #expect(Set(result.ids).count == result.events.count)
            for event in result.events { _ = try catalogue.validate(event.draft) }
        }
    }

    @Test func examplesGiveWhatTheySay() throws {
        let results = try examples().map { try Importing.run($0.yaml, csv: $0.csv) }
        #expect(results[0].types == ["purchase.completed", "x.invoice_voided"])
        #expect(results[0].times[0] == "2026-02-03T09:15:00+01:00")
        #expect(
            results[2].data == [
                #"{"order":"536365","amount":"35.64","currency":"GBP"}"#, #"{"amount":"27.50","currency":"GBP"}"#,
            ])
        #expect(results[3].types == ["opportunity.opened", "opportunity.stage_changed", "opportunity.won"])
        #expect(results[4].types == ["ticket.opened", "ticket.responded", "ticket.resolved"])
        #expect(results[5].types == ["campaign.sent", "campaign.sent", "campaign.redeemed"])
    }
}
