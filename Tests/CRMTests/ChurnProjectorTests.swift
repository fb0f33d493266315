import CRM
import EventLog
import Projection
import Testing

@Suite struct ChurnProjectorTests {
    private typealias Views = ChurnTestViews

    private static let days = "SELECT * FROM purchase_days ORDER BY subject, day, currency"

    @Test func `orders of one day are one purchase day, and an amount of 0 counts`() throws {
        let views = try Views([
            Views.order("C1", "A", "2026-01-05", "0"), Views.order("C1", "B", "2026-01-05", "12.50"),
            Views.order("C1", "C", "2026-01-09", "0.00"),
        ])
        #expect(try views.rows(Self.days) == ["C1|2026-01-05|CNY|2|12.50|1", "C1|2026-01-09|CNY|1|0.00|2"])
        #expect(
            try views.rows("SELECT * FROM churn_customers")
                == ["C1|2|2026-01-05|2026-01-09|1|2|2|2026-01-05|2026-01-09|2"])
    }

    @Test func `a day belongs to the folder's zone`() throws {
        let late = TestViews.Event(
            type: "purchase.completed", subject: "C1", time: "2026-02-28T17:00:00Z",
            data: #"{"order":"A","amount":"1","currency":"CNY"}"#)
        #expect(try Views([late], zone: "Asia/Shanghai").rows("SELECT day FROM purchase_days") == ["2026-03-01"])
        #expect(try Views([late], zone: "UTC").rows("SELECT day FROM purchase_days") == ["2026-02-28"])
    }

    @Test func `cancelled and wholly refunded orders make no day, whenever that is told`() throws {
        let views = try Views([
            Views.event("purchase.cancelled", "C1", "2026-01-01", #"{"order":"A"}"#),
            Views.order("C1", "A", "2026-01-05"),
            Views.event("purchase.refunded", "C1", "2026-01-02", #"{"order":"B"}"#),
            Views.order("C1", "B", "2026-01-06"),
            Views.order("C1", "C", "2026-01-07", "10.00"),
            Views.event("purchase.refunded", "C1", "2026-01-20", #"{"order":"C","amount":"4.00","currency":"CNY"}"#),
            Views.event("purchase.refunded", "C1", "2026-01-21", #"{"order":"C","amount":"6.00"}"#),
            Views.order("C1", "D", "2026-01-08", "10.00"),
            Views.event("purchase.refunded", "C1", "2026-01-22", #"{"order":"D","amount":"9.99"}"#),
            Views.event("purchase.refunded", "C1", "2026-01-22", #"{"order":"unknown","amount":"99"}"#),
        ])
        #expect(try views.rows(Self.days) == ["C1|2026-01-08|CNY|1|0.01|7"])
    }

    @Test func `an order that is told in parts has one day, and currencies stay apart`() throws {
        let views = try Views([
            Views.event("purchase.completed", "C1", "2026-01-05", #"{"order":"A","amount":"1.5","currency":"EUR"}"#),
            Views.event("purchase.completed", "C1", "2026-01-06", #"{"order":"A","amount":"2.25","currency":"EUR"}"#),
            Views.event("purchase.completed", "C1", "2026-01-05", #"{"order":"B","amount":"7","currency":"CNY"}"#),
        ])
        #expect(try views.rows(Self.days) == ["C1|2026-01-05|CNY|1|7|2", "C1|2026-01-05|EUR|1|3.75|0"])
    }

    @Test func `who only asked or signed is a prospect with signals`() throws {
        let views = try Views([
            Views.event("complaint.opened", "C1", "2026-01-05", #"{"complaint":"X","severity":"high"}"#),
            Views.event("complaint.resolved", "C1", "2026-01-06", #"{"complaint":"X"}"#),
            Views.event("complaint.notified", "C1", "2026-01-07", #"{"complaint":"X"}"#),
            Views.event("complaint.assigned", "C1", "2026-01-08", #"{"complaint":"X"}"#),
            Views.event("ticket.opened", "C1", "2026-01-08", #"{"ticket":"T"}"#),
            Views.event("ticket.closed", "C1", "2026-01-09", #"{"ticket":"T"}"#),
            Views.event("contract.signed", "C1", "2026-01-10", #"{"contract":"K","ends":"2026-12-31"}"#),
            Views.event("contract.renewed", "C1", "2026-01-11", #"{"contract":"K","ends":"2027-12-31"}"#),
            Views.event("campaign.unsubscribed", "C1", "2026-01-12", #"{"campaign":"S","channel":"sms"}"#),
            Views.event("consent.withdrawn", "C1", "2026-01-12", #"{"purpose":"news","channel":"email"}"#),
            Views.event("consent.given", "C1", "2026-01-13", #"{"purpose":"news","channel":"email"}"#),
            Views.event(
                "survey.answered", "C1", "2026-01-14", #"{"survey":"V","score":3,"scale_min":0,"scale_max":10}"#),
        ])
        let signals = """
            SELECT signal, key, substr(since, 1, 10), sequence, substr(until, 1, 10), until_sequence, value,
            scale_min, scale_max FROM churn_signals ORDER BY signal, key
            """
        #expect(
            try views.rows(signals) == [
                "complaint|X|2026-01-05|0|-|-|high|-|-", "contract|K|2026-01-10|6|-|-|2027-12-31|-|-",
                "survey|V|2026-01-14|11|-|-|3|0|10", "ticket|T|2026-01-08|4|2026-01-09|5|-|-|-",
                "unsubscribe|campaign:sms|2026-01-12|8|-|-|-|-|-",
                "unsubscribe|consent:news:email|2026-01-12|9|2026-01-13|10|-|-|-",
            ])
        #expect(
            try views.rows("SELECT purchase_days, first_day, active_days, last_active_day FROM churn_customers")
                == ["0|-|3|2026-01-14"])
        #expect(views.anomalies.isEmpty)
    }

    @Test func `published models are kept, and what is none is an anomaly`() throws {
        let views = try Views([
            Views.model("2026-01-01T00:00:00Z", more: #","beta":{"silence":0.1,"moon":3}"#),
            Views.event("churn.model_published", nil, "2026-01-02", #"{"model":"tarot","parameters":{}}"#),
            Views.event(
                "churn.model_published", nil, "2026-01-02", #"{"model":"nbd","parameters":{"r":1,"alpha":-2}}"#),
            Views.event(
                "churn.model_published", nil, "2026-01-03",
                #"{"model":"nbd","parameters":{"r":1,"alpha":2},"horizon_days":0}"#),
            Views.event("churn.model_published", nil, "2026-01-03", "{}"),
        ])
        #expect(
            try views.rows("SELECT sequence, model, parameters, horizon_days, beta FROM churn_models")
                == [#"0|mbg|{"r":0.525,"alpha":6.183,"a":0.891,"b":1.614}|182|{"silence":0.1}"#])
        #expect(views.anomalies.map(\.kind) == Array(repeating: "unusable_model", count: 4))
    }

    @Test func `what a model's weights rest on stays known once it is published`() throws {
        let evidence =
            #""beta_fit":{"from":"2025-01-01","to":"2025-07-02","customers":900,"stayed_away":300,"#
            + #""with_signal":{"silence":850},"standard_errors":{"silence":0.0625}}"#
        let model = Views.model(
            "2026-01-01T00:00:00Z", more: #","beta":{"silence":0.1},\#(evidence),"notes":["it stopped \"early\""]"#)
        let answer = try Views([model, Views.order("A", "1", "2026-01-02")]).churn(on: "2026-02-01").model
        let found = try #require(answer.evidence)
        #expect(found.from == "2025-01-01" && found.to == "2025-07-02")
        #expect(found.customers == 900 && found.stayedAway == 300)
        #expect(found.withSignal["silence"] == 850 && found.standardErrors["silence"] == 0.0625)
        #expect(answer.notes == ["it stopped \"early\""])
        // One without it, or with what is none, is a model all the same.
        for more in ["", #","beta_fit":7,"notes":{"a":1}"#, #","beta_fit":{"from":"soon"}"#] {
            let bare = Views.model("2026-01-01T00:00:00Z", more: more)
            let plain = try Views([bare, Views.order("A", "1", "2026-01-02")])
            let answer = try plain.churn(on: "2026-02-01").model
            #expect(plain.anomalies.isEmpty && answer.evidence == nil && answer.notes.isEmpty)
        }
    }

    @Test func `an unknown zone makes no projector`() {
        #expect(throws: DayCalendarError.self) {
            try ChurnProjector(configuration: CRMConfiguration(zone: "Mars/Base"))
        }
    }

    @Test func `a model's event data reads back as the same model`() throws {
        let views = try Views(stored: CDNOWEvents.sample())
        let answer = try views.fit(ChurnFit(until: DayCalendar.day(of: "1997-09-30")), on: "1998-06-30")
        let data = String(decoding: answer.eventData, as: UTF8.self)
        let again = try Views([Views.event("churn.model_published", nil, "2026-01-01", data)])
        #expect(again.anomalies.isEmpty)
        let published = answer.published
        #expect(
            try again.rows("SELECT model, horizon_days, fitted_until, customers, repeat_buyers FROM churn_models")
                == ["mbg|182|1997-09-30|2357|946"])
        let parameters = try again.rows("SELECT parameters FROM churn_models")[0]
        for parameter in published.parameters { #expect(parameters.contains("\(parameter)")) }
    }
}
