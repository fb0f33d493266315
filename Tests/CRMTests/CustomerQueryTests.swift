import CRM
import EventLog
import Foundation
import GRDB
import Testing

/// One customer, and the list of customers.
struct CustomerQueryTests {
    private func answer(_ views: TestViews, _ subject: String) throws -> CustomerAnswer {
        try views.database.read { try CustomerQuery(subject: subject).run($0, try views.context()) }
    }

    private func purchase(_ subject: String, _ order: String, _ amount: String, day: Int) -> TestViews.Event {
        event(
            "purchase.completed", subject, day: day,
            #"{"order":"\#(order)","amount":"\#(amount)","currency":"CNY","channel":"web"}"#)
    }

    @Test func answersWithTheFixedKeys() throws {
        let views = try TestViews([
            event("customer.registered", #"{"name":"王","vip":true,"score":7.25,"list":[1,"a"]}"#),
            purchase("C1", "O1", "129.90", day: 2), purchase("C1", "O2", "10.10", day: 3),
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = JSONView(Array(try encoder.encode(try answer(views, "C1"))))
        let keys = json.members.map(\.key)
        #expect(
            Set(keys).isSuperset(of: ["subject", "at", "profile", "events", "purchases", "funnel", "service", "churn"]))
        #expect(json["at"]?.integer == 2)
        #expect(json["merged_into"]?.isNull == true)
        #expect(json["funnel"]?["open"]?.integer == 0)
        #expect(json["service"]?.kind == .object)
        #expect(json["churn"]?["status"]?.string == "no_model")
        #expect(json["profile"]?["name"]?.string == "王")
        #expect(json["profile"]?["email"]?.isNull == true)
        #expect(json["profile"]?["vip"]?.boolean == true)
        #expect(json["profile"]?["score"]?.jsonText == "7.25")
        #expect(json["profile"]?["list"]?.jsonText == #"[1,"a"]"#)
        #expect(json["events"]?.jsonText == #"{"customer.registered":1,"purchase.completed":2}"#)
        #expect(json["purchases"]?["totals"]?.jsonText == #"{"CNY":"140.00"}"#)
        #expect(json["purchases"]?["count"]?.integer == 2)
        #expect(json["purchases"]?["first"]?.string == "2026-01-02T10:00:00.000000Z")
        #expect(json["purchases"]?["last_day"]?.string == "2026-01-03")
    }

    @Test func aMergeGroupIsOneCustomer() throws {
        let views = try TestViews([
            event("customer.registered", "A", day: 1, #"{"name":"old","phone":"1","email":"a@x","size":1}"#),
            event("customer.registered", "B", day: 2, #"{"name":"newer","phone":"2","team":"t"}"#),
            event("customer.registered", "S", day: 3, #"{"name":"survivor"}"#),
            event("customer.updated", "A", day: 4, #"{"set":{"phone":"1"}}"#),
            event("customer.tagged", "A", day: 4, #"{"tag":"x"}"#), event("customer.tagged", "S", #"{"tag":"y"}"#),
            event("customer.tagged", "S", #"{"tag":"x"}"#),
            event("points.earned", "A", #"{"points":5}"#), event("points.earned", "S", #"{"points":7}"#),
            event("consent.given", "A", day: 8, #"{"purpose":"news"}"#),
            event("consent.withdrawn", "S", day: 7, #"{"purpose":"news"}"#),
            purchase("A", "O1", "1.5", day: 5), purchase("S", "O1", "2", day: 5), purchase("B", "O2", "3", day: 6),
            event("identity.linked", "B", #"{"kind":"wechat","value":"w"}"#),
            event("identity.linked", "S", day: 2, #"{"kind":"wechat","value":"w"}"#),
            event("customer.merged", "A", day: 10, #"{"into":"B"}"#),
            event("customer.merged", "B", day: 10, #"{"into":"S"}"#),
        ])
        let found = try answer(views, "A")
        #expect(found.subject == "S")
        #expect(found.mergedInto == "S")
        #expect(found.asked == "A")
        #expect(found.mergedFrom == ["A", "B"])
        #expect(found.profile["name"] == .string("survivor"))
        // Neither number is the survivor's: the one that was last said to be so wins.
        #expect(found.profile["phone"] == .string("1"))
        #expect(found.profile["email"] == .string("a@x"))
        #expect(found.profile["team"] == .string("t"))
        #expect(found.profile["size"] == .integer(1))
        #expect(found.tags == ["x", "y"])
        #expect(found.points == 12)
        #expect(found.consents.map(\.state) == ["given"])
        #expect(found.purchases.count == 3)
        #expect(found.purchases.totals.mapValues(\.description) == ["CNY": "6.5"])
        #expect(found.purchases.days == 2)
        #expect(found.events["purchase.completed"] == 3)
        #expect(found.identities.map(\.sequence) == [14])
        #expect(found.touches.map(\.count) == [3])
        #expect((found.touches.first?.firstSequence, found.touches.first?.lastSequence) == (11, 13))
        let survivor = try answer(views, "S")
        #expect(survivor.mergedInto == nil)
        #expect(survivor.asked == nil)
        #expect(survivor.points == 12)
    }

    @Test func anUnmergedCustomerStandsAlone() throws {
        let views = try TestViews([
            event("customer.registered", "A", #"{"name":"a"}"#), event("customer.registered", "S", #"{"name":"s"}"#),
            event("customer.merged", "A", day: 2, #"{"into":"S"}"#), event("customer.unmerged", "A", day: 3, "{}"),
        ])
        #expect(try answer(views, "A").profile["name"] == .string("a"))
        #expect(try answer(views, "S").mergedFrom == [])
    }

    @Test func anUnknownCustomerHasNearMatches() throws {
        let views = try TestViews(
            ["C-1042", "C-1024", "C-2042", "c-1042x", "D-1", "王-1"].map { event("x.a", $0, "{}") })
        let error = #expect(throws: NotFound.self) { try answer(views, "C-1043") }
        #expect(error?.kind == "customer")
        #expect(error?.nearMatches.first == "C-1042")
        #expect(error?.nearMatches.contains("D-1") == false)
        #expect(#expect(throws: NotFound.self) { try answer(views, "c-1024") }?.nearMatches.first == "C-1024")
        #expect(#expect(throws: NotFound.self) { try answer(views, "王-2") }?.nearMatches == ["王-1"])
        #expect(#expect(throws: NotFound.self) { try answer(views, "") }?.nearMatches == [])
        #expect(error?.description.hasPrefix("no customer \"C-1043\"; near it: C-1042") == true)
    }

    @Test func findsByWhatPeopleKnow() throws {
        let views = try TestViews([
            event("customer.registered", "C1", #"{"name":"王小明","phone":"+86 138-0013-8000","company":"海川贸易"}"#),
            event("customer.registered", "C2", day: 2, #"{"name":"Anna","email":"Anna@example.com"}"#),
            event("identity.linked", "C3", day: 3, #"{"kind":"wechat","value":"wx_anna"}"#),
            event("customer.registered", "C10", day: 4, #"{"name":"100% off"}"#),
            event("customer.merged", "C3", day: 5, #"{"into":"C2"}"#),
        ])
        func find(_ text: String?, limit: Int = 50) throws -> CustomersAnswer {
            try views.database.read { try CustomersQuery(find: text, limit: limit).run($0, try views.context()) }
        }
        #expect(try find("小明").customers.map(\.subject) == ["C1"])
        #expect(try find("海川").customers.map(\.subject) == ["C1"])
        #expect(try find("13800138").customers.map(\.subject) == ["C1"])
        #expect(try find(" anna ").customers.map(\.subject) == ["C2"])
        #expect(try find("anna").customers.first?.mergedFrom == ["C3"])
        #expect(try find("WX_A").customers.map(\.subject) == ["C2"])
        #expect(try find("wx-a").customers.isEmpty)
        #expect(try find("0%").customers.map(\.subject) == ["C10"])
        #expect(try find("C1").customers.map(\.subject) == ["C1", "C10"])
        #expect(try find(nil).customers.map(\.subject) == ["C2", "C10", "C1"])
        let some = try find("c", limit: 1)
        #expect((some.matches, some.customers.count) == (3, 1))
        #expect(try find("nothing").matches == 0)
    }
}
