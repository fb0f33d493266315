import Foundation
import Testing

@testable import CRM
import EventLog

@Suite struct CatalogueFileTests {
    /// The event types as the documentation lists them, with their required fields.
    private static let documented: [String: [String]] = {
        var types: [String: [String]] = [
            "customer.registered": [], "customer.updated": ["set"], "customer.assigned": ["owner"],
            "customer.tagged": ["tag"], "customer.untagged": ["tag"], "customer.tier_changed": ["to"],
            "customer.merged": ["into"], "customer.unmerged": [], "identity.linked": ["kind", "value"],
            "identity.unlinked": ["kind", "value"], "lead.captured": ["lead"], "lead.assigned": ["lead", "owner"],
            "lead.qualified": ["lead"], "lead.disqualified": ["lead"], "opportunity.opened": ["opportunity"],
            "opportunity.stage_changed": ["opportunity", "to"],
            "opportunity.amount_changed": ["opportunity", "amount"], "opportunity.assigned": ["opportunity", "owner"],
            "opportunity.won": ["opportunity"], "opportunity.lost": ["opportunity"],
            "opportunity.reopened": ["opportunity"], "quote.sent": ["quote"], "contract.signed": ["contract"],
            "contract.renewed": ["contract"], "contract.ended": ["contract"], "call.completed": ["direction"],
            "message.received": ["channel"], "message.sent": ["channel"], "meeting.held": [], "visit.made": [],
            "product.viewed": ["product"], "purchase.completed": ["order", "amount"], "purchase.refunded": [],
            "purchase.cancelled": ["order"], "campaign.defined": ["campaign"], "survey.sent": ["survey"],
            "survey.answered": ["survey", "score"], "task.scheduled": ["task", "due"], "task.completed": ["task"],
            "task.cancelled": ["task"], "consent.given": ["purpose"], "consent.withdrawn": ["purpose"],
            "erasure.requested": [], "erasure.completed": [], "record.viewed": ["by"], "record.exported": ["by"],
            "event.retracted": ["event"], "churn.model_published": [], "definition.published": [],
            "import.completed": [], "import.undone": [],
        ]
        for state in ["sent", "delivered", "opened", "clicked", "bounced", "redeemed", "unsubscribed"] {
            types["campaign.\(state)"] = ["campaign"]
        }
        let states = ["assigned", "responded", "escalated", "waiting", "resolved", "notified", "reopened", "closed"]
        for state in states + ["opened"] {
            types["complaint.\(state)"] = ["complaint"]
            types["ticket.\(state)"] = ["ticket"]
        }
        for change in ["earned", "redeemed", "expired", "adjusted"] { types["points.\(change)"] = ["points"] }
        return types
    }()

    @Test func holdsExactlyTheDocumentedTypes() throws {
        let catalogue = try CatalogueTestSupport.builtIn.get()
        #expect(Set(catalogue.types.map(\.name)) == Set(Self.documented.keys))
        for type in catalogue.types {
            #expect(Set(type.fields.filter(\.isRequired).map(\.name)) == Set(Self.documented[type.name] ?? []))
            #expect(type.isBuiltIn && !type.summary.isEmpty)
        }
        let personal = catalogue.types.flatMap { type in
            type.fields.filter(\.isPersonal).map { "\(type.name).\($0.name)" }
        }
        #expect(personal.contains("customer.registered.birthday") && personal.contains("identity.linked.value"))
        let system = catalogue.types.filter { $0.subject == .forbidden }.map(\.name)
        #expect(
            system == [
                "campaign.defined", "churn.model_published", "definition.published", "import.completed",
                "import.undone",
            ])
        #expect(catalogue.kind(ofField: "amount", inType: "purchase.completed") == .decimal)
        #expect(catalogue.kind(ofField: "event.source", inType: "event.retracted") == .text)
        #expect(catalogue.kind(ofField: "set.owner", inType: "customer.updated") == .text)
        #expect(catalogue.kind(ofField: "nothing", inType: "purchase.completed") == nil)
        #expect(catalogue.kind(ofField: "amount", inType: "x.y") == nil)
        for code in ["CNY", "USD", "EUR", "DEM", "HRK"] { #expect(catalogue.currencies.contains(code)) }
    }

    @Test func everyTypeHasAGoldenEventThatPasses() throws {
        let catalogue = try CatalogueTestSupport.builtIn.get()
        var seen: Set<String> = []
        for line in try CatalogueTestSupport.goldenLines() {
            let draft = try EventDraft.parse(line: line.utf8)
            let warnings = try catalogue.validate(draft)
            #expect(warnings.isEmpty)
            let data = draft.data.map { JSONView($0) } ?? .null
            let known = Set(catalogue.type(named: draft.type)?.fields.map(\.name) ?? [])
            #expect(Set(data.members.map(\.key)).isSubset(of: known), "\(draft.type)")
            #expect(seen.insert(draft.type).inserted)
        }
        #expect(seen == Set(catalogue.types.map(\.name)))
    }

    @Test func aUserFileAddsTypesAndFields() throws {
        let catalogue = try Catalogue.load(
            user: """
                version: 1
                types:
                  loyalty.joined:
                    summary: The customer joined the club.
                    fields:
                      club: {kind: choice, values: [blue, gold], required: true}
                      card: {kind: object, fields: {number: {kind: text, required: true, personal: true}}}
                  machine.serviced:
                    summary: A machine was serviced.
                    subject: optional
                  customer.registered:
                    fields:
                      shoe_size: {kind: decimal, minimum: 1}
                      owner: {required: true}
                      company: {kind: text, personal: true}
                  x.survey:
                    summary: Ours, and checked although its family is open.
                    fields: {score: {kind: integer}}
                currencies: [ABC]
                """)
        func codes(_ line: String) -> CatalogueError.Code? { CatalogueTestSupport.code(line, catalogue) }
        #expect(codes(#"{"type":"loyalty.joined","subject":"1","data":{"club":"gold"}}"#) == nil)
        #expect(codes(#"{"type":"loyalty.joined","subject":"1","data":{"club":"red"}}"#) == .wrongKind)
        #expect(codes(#"{"type":"loyalty.joined","subject":"1","data":{"club":"gold","card":{}}}"#) == .missingField)
        #expect(codes(#"{"type":"machine.serviced"}"#) == nil)
        #expect(codes(#"{"type":"customer.registered","subject":"1","data":{}}"#) == .missingField)
        #expect(codes(#"{"type":"customer.registered","subject":"1","data":{"owner":"w","shoe_size":0}}"#) == .tooSmall)
        #expect(codes(#"{"type":"customer.updated","subject":"1","data":{"set":{"shoe_size":"x"}}}"#) == .wrongKind)
        #expect(codes(#"{"type":"customer.updated","subject":"1","data":{"set":{"name":"x"}}}"#) == nil)
        #expect(codes(#"{"type":"x.survey","data":{"score":1},"subject":"1"}"#) == nil)
        #expect(codes(#"{"type":"x.survey","data":{"score":1.5},"subject":"1"}"#) == .wrongKind)
        #expect(catalogue.type(named: "customer.registered")?.field("company")?.isPersonal == true)
        #expect(catalogue.type(named: "customer.registered")?.field("shoe_size")?.isBuiltIn == false)
        #expect(catalogue.type(named: "loyalty.joined")?.isBuiltIn == false)
        #expect(catalogue.currencies.contains("ABC"))
        #expect(try Catalogue.load(user: "").types.count == Catalogue.load().types.count)
    }

    @Test(
        arguments: [
            ("types: {loyalty: {summary: a}}", 1, "types.loyalty"),
            ("types:\n  a.b: {summary: a, feilds: {}}", 2, "types.a.b.feilds"),
            ("types:\n  a.b:\n    summary: a\n    fields:\n      level: {kind: txt}", 5, "types.a.b.fields.level.kind"),
            ("types:\n  a.b:\n    summary: a\n    fields:\n      level: {required: true}", 5, "types.a.b.fields.level"),
            ("types:\n  a.b:\n    summary: a\n    fields:\n      Level: {kind: text}", 5, "types.a.b.fields.Level"),
            ("types:\n  a.b: {summary: a, fields: {c: {kind: choice}}}", 2, "types.a.b.fields.c"),
            ("types:\n  a.b: {summary: a, fields: {c: {kind: text, values: [a]}}}", 2, "types.a.b.fields.c.values"),
            ("types:\n  a.b: {summary: a, fields: {c: {kind: text, minimum: 1}}}", 2, "types.a.b.fields.c.minimum"),
            ("types:\n  a.b: {summary: a, fields: {c: {kind: integer, minimum: x}}}", 2, "types.a.b.fields.c.minimum"),
            ("types:\n  a.b: {summary: a, fields: {c: {kind: text, required: 1}}}", 2, "types.a.b.fields.c.required"),
            (
                "types:\n  a.b: {summary: a, fields: {c: {kind: text, needs_one_of: [d]}}}", 2,
                "types.a.b.fields.c.needs_one_of"
            ),
            ("types:\n  a.b: {fields: {}}", 2, "types.a.b"),
            ("types:\n  a.b: {summary: a, subject: maybe}", 2, "types.a.b.subject"),
            (
                "types:\n  purchase.completed:\n    fields:\n      amount: {kind: text}", 4,
                "types.purchase.completed.fields.amount.kind"
            ),
            (
                "types:\n  purchase.completed:\n    fields:\n      order: {required: false}", 4,
                "types.purchase.completed.fields.order.required"
            ),
            (
                "types:\n  call.completed:\n    fields:\n      direction: {values: [in, out]}", 4,
                "types.call.completed.fields.direction.values"
            ),
            ("types:\n  campaign.defined: {subject: required}", 2, "types.campaign.defined.subject"),
            ("open: [y]", 1, "open"), ("version: 2", 1, "version"), ("tipes: {}", 1, "tipes"), ("- a", 1, ""),
            ("currencies: [cny]", 1, "currencies"), ("types: {a.b: {summary: a", nil, ""),
            ("types:\n  a.b: {summary: a}\n  a.b: {summary: b}", 2, "a.b"),
        ] as [(String, Int?, String)])
    func problemsNameLineEntryAndMend(yaml: String, line: Int?, entry: String) {
        let error = #expect(throws: DefinitionError.self) { _ = try Catalogue.load(user: yaml, path: "my.yaml") }
        let problems = error?.problems ?? []
        #expect(problems.count == 1)
        if let line { #expect(problems.first?.line == line) }
        #expect(problems.first?.entry == entry)
        #expect(problems.first?.mend.isEmpty == false)
        #expect(error?.description.hasPrefix("my.yaml: ") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func allProblemsAreListed() {
        let yaml = "types:\n  a: {}\n  b.c: {summary: x, fields: {d: {kind: y}, e: {}}}\nmore: 1"
        let error = #expect(throws: DefinitionError.self) { _ = try Catalogue.load(user: yaml) }
        #expect(error?.problems.map(\.line) == [2, 3, 3, 4])
    }
}

/// What the tests of the catalogue share.
enum CatalogueTestSupport {
    /// The built-in catalogue, read once.
    static let builtIn = Result { () throws(DefinitionError) in try Catalogue.load() }

    /// The lines of the golden events, one a type.
    static func goldenLines(file: String = #filePath) throws -> [String] {
        let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "fixtures/catalogue/events.ndjson"), encoding: .utf8)
        return text.split(separator: "\n").map(String.init)
    }

    static func code(_ line: String, _ catalogue: Catalogue) -> CatalogueError.Code? {
        error(line, catalogue)?.code
    }

    static func error(_ line: String, _ catalogue: Catalogue) -> CatalogueError? {
        do {
            _ = try catalogue.validate(EventDraft.parse(line: line.utf8))
        } catch let error as CatalogueError {
            return error
        } catch {
            Issue.record("\(line): \(error)")
        }
        return nil
    }
}
