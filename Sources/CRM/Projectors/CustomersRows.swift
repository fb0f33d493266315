import EventLog
import Projection

/// Turns what was folded of one customer into rows.
struct CustomersRows {
    let subject: SQLValue
    let calendar: DayCalendar

    func write(_ state: CustomersState, into rows: inout RowCollector) {
        writeCustomer(state, into: &rows)
        writeSatellites(state, into: &rows)
        writePurchases(state.purchases, into: &rows)
    }

    /// `values` start with the subject.
    private func insert<let count: Int>(
        _ values: InlineArray<count, SQLValue>, _ place: CustomersTables.Place, into rows: inout RowCollector
    ) {
        rows.insert(values, table: place.rawValue)
    }

    private func writeCustomer(_ state: CustomersState, into rows: inout RowCollector) {
        var (count, firstPurchase, lastPurchase) = (0, Instant?.none, Instant?.none)
        for order in state.purchases.orders where order.counts {
            guard let time = order.completed?.time else { continue }
            count += 1
            firstPurchase = min(firstPurchase ?? time, time)
            lastPurchase = max(lastPurchase ?? time, time)
        }
        var values: [SQLValue] = []
        values.reserveCapacity(CustomersTables.customers.columns.count)
        values.append(subject)
        for column in CustomersProfile.columns { values.append(SQLValue(state.profile.text(column))) }
        values.append(SQLValue(state.profile.otherFields))
        values.append(.integer(state.points))
        values.append(.integer(state.eventCount))
        values.append(SQLValue(state.first?.time))
        values.append(SQLValue(state.last?.time))
        values.append(SQLValue(sequence: state.last?.sequence))
        values.append(SQLValue(count))
        values.append(SQLValue(firstPurchase))
        values.append(SQLValue(lastPurchase))
        values.append(SQLValue(state.isMergedAway ? state.profile.fieldTimes : nil))
        rows.insert(row: values.span, table: CustomersTables.Place.customers.rawValue)
    }

    private func writeSatellites(_ state: CustomersState, into rows: inout RowCollector) {
        for change in state.profile.changes where change.before != change.after {
            insert(
                [
                    subject, SQLValue(sequence: change.sequence), .text(change.field), SQLValue(change.time),
                    SQLValue(change.before?.text), SQLValue(change.after?.text),
                ], .history, into: &rows)
        }
        for count in state.typeCounts {
            insert(
                [subject, .text(count.type), .integer(count.count), SQLValue(count.first), SQLValue(count.last)],
                .eventCounts, into: &rows)
        }
        for touch in state.touches {
            insert(
                [
                    subject, .text(touch.channel), .integer(touch.count), SQLValue(touch.first.time),
                    SQLValue(sequence: touch.first.sequence), SQLValue(touch.last.time),
                    SQLValue(sequence: touch.last.sequence),
                ], .touches, into: &rows)
        }
        for tag in state.tags {
            insert(
                [subject, .text(tag.tag), SQLValue(tag.since.time), SQLValue(sequence: tag.since.sequence)], .tags,
                into: &rows)
        }
        for identity in state.identities {
            insert(
                [
                    subject, .text(identity.kind), .text(identity.value), SQLValue(identity.since.time),
                    SQLValue(sequence: identity.since.sequence),
                ], .identities, into: &rows)
        }
        for consent in state.consents {
            insert(
                [
                    subject, .text(consent.purpose), .text(consent.channel),
                    .text(consent.isGiven ? "given" : "withdrawn"),
                    SQLValue(consent.moment.time), SQLValue(sequence: consent.moment.sequence), SQLValue(consent.basis),
                ], .consents, into: &rows)
        }
    }

    private func writePurchases(_ purchases: PurchasesLedger, into rows: inout RowCollector) {
        for order in purchases.orders {
            let state = SQLValue.text(order.state.rawValue)
            let time = SQLValue(order.completed?.time)
            let day = SQLValue(order.completed.map { DayCalendar.text(of: calendar.day(of: $0.time)) })
            func write(_ line: PurchasesLedger.Line) {
                insert(
                    [
                        subject, .text(order.id), .text(line.currency), state, time,
                        SQLValue(sequence: order.completed?.sequence ?? order.firstSequence), day,
                        .text(line.gross.description), .text(line.refunded.description), .text(line.net.description),
                        SQLValue(order.items), SQLValue(order.channel), SQLValue(order.product),
                    ], .purchases, into: &rows)
            }
            order.forEachLine(write)
            // An order of which no money was ever said still has its row.
            if !order.hasLines {
                write(
                    PurchasesLedger.Line(
                        currency: PurchasesLedger.noCurrency, gross: .zero, refunded: .zero, net: .zero))
            }
        }
        for line in purchases.looseLines {
            insert(
                [
                    subject, .text(""), .text(line.currency), .text(PurchasesLedger.OrderState.unknown.rawValue), .null,
                    SQLValue(sequence: purchases.looseSequence), .null, .text(line.gross.description),
                    .text(line.refunded.description), .text(line.net.description), .null, .null, .null,
                ], .purchases, into: &rows)
        }
        for (currency, total) in purchases.totals() {
            insert([subject, .text(currency), .text(total.description)], .totals, into: &rows)
        }
    }
}
