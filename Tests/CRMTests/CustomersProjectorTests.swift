import CRM
import EventLog
import Projection
import Testing

/// The profile and what is counted around it.
struct CustomersProjectorTests {
    @Test func registrationGivesTheProfileAndKeepsFurtherFields() throws {
        let views = try TestViews([
            event(
                "customer.registered",
                #"{"name":"王小明","phone":"13800138000","kind":"person","owner":"li","size":42,"vip":true,"x":null}"#)
        ])
        #expect(
            try views.rows("SELECT name, phone, email, kind, owner, other_fields FROM customers")
                == ["王小明|13800138000|-|person|li|{\"size\":42,\"vip\":true}"])
        #expect(try views.rows("SELECT * FROM customer_field_history") == [])
    }

    @Test func everyChangeIsInTheHistory() throws {
        let views = try TestViews([
            event("customer.registered", day: 1, #"{"name":"A","owner":"li"}"#),
            event("customer.updated", day: 2, #"{"set":{"name":"B","email":"b@x.cn","size":1.50}}"#),
            event("customer.updated", day: 3, #"{"set":{"name":"B","email":null}}"#),
            event("customer.assigned", day: 4, #"{"owner":"wu","team":"north"}"#),
            event("customer.tier_changed", day: 5, #"{"to":"gold","rule":"spend"}"#),
            event("customer.registered", day: 6, #"{"name":"C","phone":"1"}"#),
        ])
        let history = "SELECT field, before, after, sequence FROM customer_field_history ORDER BY sequence, field"
        #expect(
            try views.rows(history) == [
                "email|-|b@x.cn|1", "name|A|B|1", "size|-|1.50|1", "email|b@x.cn|-|2", "owner|li|wu|3",
                "team|-|north|3", "tier|-|gold|4", "name|B|C|5", "phone|-|1|5",
            ])
        #expect(
            try views.rows("SELECT name, phone, email, owner, team, tier, other_fields FROM customers")
                == ["C|1|-|wu|north|gold|{\"size\":1.50}"])
    }

    @Test func aLateEventTakesItsPlace() throws {
        let views = try TestViews([
            event("customer.assigned", day: 5, #"{"owner":"new"}"#),
            event("customer.assigned", day: 2, #"{"owner":"old"}"#),
        ])
        #expect(try views.rows("SELECT owner, last_sequence FROM customers") == ["new|0"])
        let history = "SELECT before, after FROM customer_field_history ORDER BY time"
        #expect(try views.rows(history) == ["-|old", "old|new"])
    }

    @Test func eventsAreCountedPerType() throws {
        let views = try TestViews([
            event("x.ping", day: 3), event("x.ping", day: 1), event("call.completed", day: 2),
            event("campaign.defined", nil, #"{"campaign":"k"}"#),
        ])
        #expect(
            try views.rows("SELECT type, count, first_time, last_time FROM customer_event_counts ORDER BY type") == [
                "call.completed|1|2026-01-02T10:00:00.000000Z|2026-01-02T10:00:00.000000Z",
                "x.ping|2|2026-01-01T10:00:00.000000Z|2026-01-03T10:00:00.000000Z",
            ])
        #expect(
            try views.rows("SELECT subject, events, first_event, last_event FROM customers")
                == ["C1|3|2026-01-01T10:00:00.000000Z|2026-01-03T10:00:00.000000Z"])
    }

    @Test func touchesArePerChannel() throws {
        let views = try TestViews([
            event("call.completed", day: 1), event("message.sent", day: 2, #"{"channel":"wechat"}"#),
            event("message.received", day: 3, #"{"channel":"wechat"}"#), event("meeting.held", day: 4),
            event("visit.made", day: 5), event("product.viewed", day: 6, #"{"product":"p","channel":"web"}"#),
            event("purchase.completed", day: 7, #"{"order":"O","amount":"1","currency":"CNY","channel":"web"}"#),
            event("campaign.sent", day: 8, #"{"campaign":"k","channel":"sms"}"#),
            event("campaign.bounced", day: 9, #"{"campaign":"k","channel":"sms"}"#),
            event("product.viewed", day: 9, #"{"product":"p"}"#), event("message.sent", day: 10),
        ])
        let touches =
            "SELECT channel, count, first_sequence, last_sequence FROM customer_touches ORDER BY first_sequence"
        #expect(
            try views.rows(touches) == [
                "phone|1|0|0", "wechat|2|1|2", "meeting|1|3|3", "visit|1|4|4", "web|2|5|6", "sms|1|7|7",
                "message|1|10|10",
            ])
    }

    @Test func tagsIdentitiesAndConsents() throws {
        let views = try TestViews([
            event("customer.tagged", day: 1, #"{"tag":"a"}"#), event("customer.tagged", day: 2, #"{"tag":"a"}"#),
            event("customer.tagged", day: 2, #"{"tag":"b"}"#), event("customer.untagged", day: 3, #"{"tag":"b"}"#),
            event("customer.untagged", day: 3, #"{"tag":"c"}"#), event("customer.tagged", day: 3),
            event("identity.linked", day: 1, #"{"kind":"wechat","value":"w1"}"#),
            event("identity.linked", day: 2, #"{"kind":"wechat","value":"w2"}"#),
            event("identity.unlinked", day: 3, #"{"kind":"wechat","value":"w1"}"#),
            event("identity.unlinked", day: 3, #"{"kind":"erp","value":"w1"}"#),
            event("consent.given", day: 1, #"{"purpose":"news","channel":"sms","basis":"form"}"#),
            event("consent.given", day: 1, #"{"purpose":"news"}"#),
            event("consent.withdrawn", day: 4, #"{"purpose":"news","channel":"sms"}"#),
        ])
        #expect(try views.rows("SELECT tag, sequence FROM customer_tags") == ["a|0"])
        #expect(try views.rows("SELECT kind, value FROM customer_identities") == ["wechat|w2"])
        #expect(
            try views.rows("SELECT purpose, channel, state, sequence, basis FROM customer_consents ORDER BY channel")
                == ["news||given|11|-", "news|sms|withdrawn|12|-"])
        #expect(views.kinds("customers") == ["tag_not_set", "missing_field", "identity_not_linked"])
    }

    @Test func pointsAddUp() throws {
        let views = try TestViews([
            event("points.earned", #"{"points":100}"#), event("points.redeemed", #"{"points":"30"}"#),
            event("points.expired", #"{"points":20}"#), event("points.adjusted", #"{"points":-5}"#),
            event("points.earned", #"{"points":1.5}"#), event("points.earned", "{}"),
            event("points.earned", #"{"points":9223372036854775807}"#),
        ])
        #expect(try views.rows("SELECT points FROM customers") == ["45"])
        #expect(views.kinds("customers") == ["bad_points", "missing_field", "bad_points"])
    }

    /// No event stops the fold, in any order: every type with data of every odd shape.
    @Test func isTotal() throws {
        let types = [
            "customer.registered", "customer.updated", "customer.assigned", "customer.tagged", "customer.untagged",
            "customer.tier_changed", "customer.merged", "customer.unmerged", "identity.linked", "identity.unlinked",
            "consent.given", "consent.withdrawn", "points.earned", "points.redeemed", "points.expired",
            "points.adjusted", "purchase.completed", "purchase.refunded", "purchase.cancelled", "call.completed",
            "message.sent", "message.received", "meeting.held", "visit.made", "product.viewed", "campaign.sent",
            "task.scheduled", "task.completed", "task.cancelled", "x", "", "x.unknown", "a.b",
        ]
        let shapes = [
            "null", "{}", "[]", "1", #""text""#, "true", #"{"set":[]}"#, #"{"set":{"name":{"a":[1]},"":""}}"#,
            #"{"order":null,"amount":null}"#, #"{"order":{},"amount":[],"currency":1}"#,
            #"{"order":"","amount":"","currency":""}"#, #"{"points":"x","tag":1,"kind":2,"value":3,"purpose":4}"#,
            #"{"into":"C1","task":"","due":"soon","next":5,"channel":{},"owner":[]}"#,
        ]
        var random = SplitMix(seed: 3)
        let events = types.flatMap { type in
            shapes.map { event(type, day: Int(random.next() % 28) + 1, $0) }
        }
        let views = try TestViews(events.shuffled(using: &random))
        #expect(try views.rows("SELECT events FROM customers") == ["\(events.count)"])
    }

    @Test func emittingTwiceIsTheSame() throws {
        let events = try [
            event("customer.registered", #"{"name":"A","b":1,"a":2}"#),
            event("purchase.completed", #"{"order":"O","amount":"1","currency":"CNY"}"#),
            event("customer.merged", #"{"into":"C2"}"#),
        ].enumerated().map { try TestViews.stored($1, sequence: UInt64($0)) }
        let projector = try CustomersProjector(configuration: CRMConfiguration())
        var state = projector.makeState(subject: "C1")
        var anomalies = AnomalyCollector()
        for event in events { projector.apply(event, to: &state, anomalies: &anomalies) }
        var (first, second) = (
            RowCollector(tableCount: projector.tables.count), RowCollector(tableCount: projector.tables.count)
        )
        projector.emit(state, into: &first)
        projector.emit(state, into: &second)
        #expect(first.rows == second.rows)
        #expect(
            zip(projector.tables, first.rows).allSatisfy { table, rows in
                rows.allSatisfy { $0.count == table.columns.count }
            })
    }

    @Test func tableNamesAndKeysAreSound() throws {
        let projector = try CustomersProjector(configuration: CRMConfiguration())
        for table in projector.tables + MergesProjector().tables + TasksProjector().tables {
            let columns = Set(table.columns.map(\.name))
            #expect(columns.count == table.columns.count)
            #expect(table.isPerSubject && table.primaryKey.first == "subject")
            #expect(columns.isSuperset(of: table.primaryKey))
            #expect(table.columns.allSatisfy { !$0.summary.isEmpty })
        }
    }
}
