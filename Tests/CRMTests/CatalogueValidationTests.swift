import Testing

@testable import CRM
import EventLog

@Suite struct CatalogueValidationTests {
    private let catalogue: Catalogue

    init() throws {
        catalogue = try CatalogueTestSupport.builtIn.get()
    }

    private func event(_ type: String, _ data: String, subject: String? = "C-1") -> String {
        let subject = subject.map { ",\"subject\":\"\($0)\"" } ?? ""
        return "{\"type\":\"\(type)\"\(subject),\"data\":\(data)}"
    }

    @Test(arguments: [
        ("purchase.completed", #"{"order":"1"}"#, CatalogueError.Code.missingField, "data.amount"),
        ("purchase.completed", #"{"order":null,"amount":1,"currency":"EUR"}"#, .missingField, "data.order"),
        ("purchase.completed", #"{"order":"","amount":1,"currency":"EUR"}"#, .missingField, "data.order"),
        ("purchase.completed", #"{"order":"1","amount":"12,50","currency":"EUR"}"#, .wrongKind, "data.amount"),
        ("purchase.completed", #"{"order":"1","amount":true,"currency":"EUR"}"#, .wrongKind, "data.amount"),
        ("purchase.completed", #"{"order":"1","amount":"","currency":"EUR"}"#, .wrongKind, "data.amount"),
        ("purchase.completed", #"{"order":"1","amount":"1"}"#, .missingCompanion, "data.amount"),
        ("purchase.completed", #"{"order":"1","amount":"1","currency":"eur"}"#, .wrongKind, "data.currency"),
        ("purchase.completed", #"{"order":"1","amount":"1","currency":"QQQ"}"#, .wrongKind, "data.currency"),
        ("purchase.completed", #"{"order":"1","amount":"1","currency":"EUR","items":1.5}"#, .wrongKind, "data.items"),
        ("purchase.completed", #"{"order":"1","amount":"1","currency":"EUR","lines":{}}"#, .wrongKind, "data.lines"),
        ("purchase.completed", #"{"order":["1"],"amount":"1","currency":"EUR"}"#, .wrongKind, "data.order"),
        ("purchase.completed", "[1]", .dataNotObject, "data"),
        ("purchase.completed", "null", .missingField, "data.order"),
        ("purchase.refunded", #"{"amount":"1"}"#, .missingCompanion, "data.amount"),
        ("purchase.refunded", #"{"order":"1","amount":"-1"}"#, .tooSmall, "data.amount"),
        ("opportunity.opened", #"{"opportunity":"1","amount":5}"#, .missingCompanion, "data.amount"),
        (
            "opportunity.opened", #"{"opportunity":"1","expected_close":"2026-02-30"}"#, .wrongKind,
            "data.expected_close"
        ),
        ("quote.sent", #"{"quote":"1","amount":5}"#, .missingCompanion, "data.amount"),
        ("call.completed", #"{"direction":"in"}"#, .wrongKind, "data.direction"),
        ("call.completed", #"{"direction":"inbound","next":"2026-03-01T08:30:00"}"#, .wrongKind, "data.next"),
        ("event.retracted", #"{"event":"a"}"#, .wrongKind, "data.event"),
        ("event.retracted", #"{"event":{"source":"a"}}"#, .missingField, "data.event.id"),
        ("customer.updated", #"{"set":{"kind":"robot"}}"#, .wrongKind, "data.set.kind"),
        ("customer.merged", #"{"into":"C-1"}"#, .selfMerge, "data.into"),
    ])
    func refuses(type: String, data: String, code: CatalogueError.Code, field: String) {
        let error = CatalogueTestSupport.error(event(type, data), catalogue)
        #expect(error?.code == code)
        #expect(error?.field == field)
        #expect(error?.message.contains(type) == true || error?.code == .selfMerge)
        #expect(error?.mend.isEmpty == false)
    }

    @Test(arguments: [
        ("purchase.completed", #"{"order":5531,"amount":129.90,"currency":"CNY","items":"3"}"#),
        ("purchase.completed", #"{"order":"1","amount":"1e2","currency":"\u0043NY","items":3.0}"#),
        ("purchase.completed", #"{"\u006frder":"1","amount":0,"currency":"DEM"}"#),
        ("purchase.refunded", "{}"), ("purchase.refunded", #"{"order":"1","amount":"1"}"#),
        ("opportunity.amount_changed", #"{"opportunity":"1","amount":"1"}"#),
        ("opportunity.won", #"{"opportunity":"1","amount":"1"}"#),
        ("call.completed", #"{"direction":"\u0069nbound","seconds":null,"unheard_of":{"a":[1]}}"#),
        ("customer.updated", #"{"set":{"name":null,"favourite":"tea"}}"#),
        ("x.anything", "[1,2]"),
    ])
    func accepts(type: String, data: String) {
        #expect(CatalogueTestSupport.error(event(type, data), catalogue) == nil)
    }

    @Test func messagesNameFieldKindAndMend() {
        let wrong = CatalogueTestSupport.error(
            event("purchase.completed", #"{"order":"1","amount":"12,50","currency":"EUR"}"#), catalogue)
        #expect(
            wrong?.description == "data.amount of purchase.completed is \"12,50\", not a decimal; "
                + "write digits with a point, as 129.90 or \"129.90\"")
        #expect(wrong?.kind == .decimal)
        let slip = CatalogueTestSupport.error(
            event("purchase.completed", #"{"ordre":"1","amount":"1","currency":"EUR"}"#), catalogue)
        #expect(slip?.description == "purchase.completed needs data.order (text); rename data.ordre")
        let choice = CatalogueTestSupport.error(event("call.completed", #"{"direction":"Inbound"}"#), catalogue)
        #expect(choice?.mend == "write \"inbound\"")
        let personal = CatalogueTestSupport.error(event("customer.registered", #"{"phone":["138"]}"#), catalogue)
        #expect(personal?.message.contains("138") == false)
    }

    @Test func unknownTypesGetSuggestions() {
        func near(_ type: String) -> String? {
            CatalogueTestSupport.error(event(type, "{}"), catalogue).flatMap { $0.code == .unknownType ? $0.mend : nil }
        }
        #expect(near("purchase.complete")?.contains("purchase.completed") == true)
        #expect(near("purchase.made")?.contains("purchase.completed") == true)
        #expect(near("sms.sent")?.contains("use ") == true)
        #expect(near("zzz")?.contains("x.…") == true)
        #expect(near("x") != nil && near("x.") != nil && near("xx.y") != nil)
    }

    @Test func slipsAreWarnedAbout() throws {
        func warnings(_ data: String) throws -> [String] {
            let draft = try EventDraft.parse(line: event("call.completed", data).utf8)
            return try catalogue.validate(draft).map { "\($0.field) \($0.near)" }
        }
        #expect(
            try warnings(#"{"direction":"inbound","agnet":"w","secods":1,"colour":1}"#)
                == ["data.agnet data.agent", "data.secods data.seconds"])
        #expect(try warnings(#"{"direction":"inbound","text":1}"#) == ["data.text data.next"])
        #expect(try warnings(#"{"direction":"inbound","xy":1,"a":1,"":1}"#).isEmpty)
        let draft = try EventDraft.parse(
            line: event("customer.updated", #"{"set":{"nmae":"x"}}"#).utf8)
        #expect(try catalogue.validate(draft).map(\.field) == ["data.set.nmae"])
    }

    @Test func subjectsFollowTheirRule() {
        let purchase = #"{"order":"1","amount":1,"currency":"EUR"}"#
        #expect(
            CatalogueTestSupport.code(event("purchase.completed", purchase, subject: nil), catalogue) == .subjectMissing
        )
        #expect(
            CatalogueTestSupport.code(event("campaign.defined", #"{"campaign":"A"}"#), catalogue) == .subjectForbidden)
        #expect(
            CatalogueTestSupport.code(event("campaign.defined", #"{"campaign":"A"}"#, subject: nil), catalogue) == nil)
        #expect(CatalogueTestSupport.code(event("x.y", "1", subject: nil), catalogue) == nil)
    }

    @Test(arguments: [
        "lina@example.com", "lead:lina@example.com", "a.b+c@mail.example.co.uk", "13800138000", "138-0013-8000",
        "138 0013 8000", "+8613800138000", "8613800138000", "008613800138000", "+86 138 0013 8000", "+1 555 123 4567",
        "+442079460958", "020 7946 0958", "010-12345678", "0755-12345678", "(555) 123-4567", "555-123-4567",
        "1-555-123-4567", "06 12 34 56 78", "tel:+8613800138000", "lead:13800138000", "19912345678",
    ])
    func personalSubjectsAreRefused(subject: String) throws {
        #expect(PersonalSubject.look(of: subject) != nil)
        let line = event("x.y", "1", subject: subject)
        let error = CatalogueTestSupport.error(line, catalogue)
        #expect(error?.code == .personalSubject)
        #expect(error?.description.contains(subject) == false)
        #expect(try catalogue.validate(EventDraft.parse(line: line.utf8), allowPersonalSubject: true).isEmpty)
    }

    @Test(arguments: [
        "00001", "12346", "13085", "1", "23570", "123456", "1234567", "12345678", "0012345678", "1234567890",
        "00000012345", "12012345678", "C-1042", "C@1042", "lead:L-1", "lead:4711", "20111201", "2011-12-01",
        "2011-12-0001", "173688-2011-01", "Application_652823628", "case 9", "O-13800138000", "+1", "a@b", "@x.y",
        "user@", "客户-1", "00-000012345", "1000-2000-3000", "3.14159", "12345678901234567890", "550e8400-e29b-41d4-a716",
    ])
    func plainIDsAreNot(subject: String) {
        #expect(PersonalSubject.look(of: subject) == nil)
    }

    @Test func distancesAreThoseOfTheTable() {
        func distance(_ left: String, _ right: String) -> Int? {
            EditDistance.between(Array(left.utf8), Array(right.utf8), max: 3)
        }
        #expect(distance("order", "order") == 0)
        #expect(distance("ordre", "order") == 1)
        #expect(distance("oder", "order") == 1)
        #expect(distance("orderr", "order") == 1)
        #expect(distance("amuont", "amount") == 1)
        #expect(distance("kitten", "sitting") == 3)
        #expect(distance("", "abc") == 3)
        #expect(distance("abcd", "") == nil)
        #expect(distance("abcdefgh", "hgfedcba") == nil)
    }

    @Test func aCatalogueSaysWhatItHolds() throws {
        #expect(catalogue.accepts(type: "x.y") && !catalogue.accepts(type: "y.x"))
        #expect(catalogue.type(named: "purchase.completed")?.family == "purchase")
    }
}
