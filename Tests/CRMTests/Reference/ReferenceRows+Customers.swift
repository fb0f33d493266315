import Foundation
import Projection
import ReferenceFold

/// What the reference expects in the tables.
struct ReferenceRows {
    typealias Row = FoldedViews.Row
    let fold: ReferenceFold

    static func instant(_ microseconds: Int64?) -> SQLValue { .init(microseconds.map(ReferenceText.instant)) }

    /// The standard fields are plain text, everything else is JSON.
    static let columns: Set<String> = [
        "name", "phone", "email", "birthday", "kind", "company", "origin", "owner", "team", "tier",
    ]

    func merges() -> [Row] {
        fold.merges.pointers.map { ["subject": .text($0.key), "into_subject": .text($0.value)] }
    }

    func customers() -> [Row] {
        fold.customers.map { subject, customer in
            var row: Row = [
                "subject": .text(subject), "points": .integer(Int64(customer.points)),
                "events": .integer(Int64(customer.eventCounts.values.reduce(0, +))),
                "first_event": Self.instant(customer.first?.time), "last_event": Self.instant(customer.last?.time),
                "last_sequence": .init(sequence: customer.last?.sequence),
                "purchases": .integer(Int64(customer.purchases.count)),
                "first_purchase": Self.instant(customer.purchases.times.min()),
                "last_purchase": Self.instant(customer.purchases.times.max()),
            ]
            for column in Self.columns { row[column] = .init(customer.profile[column]?.value.text) }
            return row
        }
    }

    func eventCounts() -> [Row] {
        fold.customers.flatMap { subject, customer in
            customer.eventCounts.map { type, count in
                [
                    "subject": .text(subject), "type": .text(type), "count": .integer(Int64(count)),
                    "first_time": Self.instant(customer.firstOfType[type]?.time),
                    "last_time": Self.instant(customer.lastOfType[type]?.time),
                ]
            }
        }
    }

    func changes() -> [Row] {
        fold.customers.flatMap { subject, customer in
            customer.changes.map { change in
                [
                    "subject": .text(subject), "sequence": .init(sequence: change.sequence),
                    "field": .text(change.field), "time": Self.instant(change.time),
                ]
            }
        }
    }

    func touches() -> [Row] {
        fold.customers.flatMap { subject, customer in
            customer.touches.map { channel, touches in
                [
                    "subject": .text(subject), "channel": .text(channel), "count": .integer(Int64(touches.count)),
                    "first_time": Self.instant(touches.first.time), "last_time": Self.instant(touches.last.time),
                    "first_sequence": .init(sequence: touches.first.sequence),
                    "last_sequence": .init(sequence: touches.last.sequence),
                ]
            }
        }
    }

    func tags() -> [Row] {
        fold.customers.flatMap { subject, customer in
            customer.tags.map { tag, mark in
                [
                    "subject": .text(subject), "tag": .text(tag), "since": Self.instant(mark.time),
                    "sequence": .init(sequence: mark.sequence),
                ]
            }
        }
    }

    func identities() -> [Row] {
        fold.customers.flatMap { subject, customer in
            customer.identities.map { identity, mark in
                [
                    "subject": .text(subject), "kind": .text(identity[0]), "value": .text(identity[1]),
                    "since": Self.instant(mark.time), "sequence": .init(sequence: mark.sequence),
                ]
            }
        }
    }

    func consents() -> [Row] {
        fold.customers.flatMap { subject, customer in
            customer.consents.map { key, consent in
                [
                    "subject": .text(subject), "purpose": .text(key.purpose), "channel": .text(key.channel),
                    "state": .text(consent.isGiven ? "given" : "withdrawn"), "time": Self.instant(consent.time),
                    "sequence": .init(sequence: consent.sequence),
                ]
            }
        }
    }

    func totals() -> [Row] {
        fold.customers.flatMap { subject, customer in
            customer.purchases.totals.map { currency, total in
                ["subject": .text(subject), "currency": .text(currency), "total": .init(decimal: total)]
            }
        }
    }

    /// A row an order and currency; one row of an order of which nothing was said in money.
    func orders() -> [Row] {
        fold.customers.flatMap { subject, customer in
            var orders = customer.purchases.orders
            if !customer.purchases.otherRefunds.isEmpty {
                orders[""] = ReferencePurchases.Order(partRefunds: customer.purchases.otherRefunds)
            }
            return orders.flatMap { id, order in
                (order.currencies.isEmpty ? ["XXX"] : order.currencies).map { currency in
                    [
                        "subject": .text(subject), "order_id": .text(id), "currency": .text(currency),
                        "state": .text(Self.state(order)), "time": Self.instant(order.firstTime),
                        "day": .init(order.day.map(ReferenceCalendar.text)),
                        "gross": .init(decimal: order.gross[currency, default: 0]),
                        "refunded": .init(decimal: order.refunded(currency)),
                    ]
                }
            }
        }
    }

    static func state(_ order: ReferencePurchases.Order) -> String {
        if !order.isCompleted { return "unknown" }
        if order.isCancelled { return "cancelled" }
        if order.isWhollyRefunded { return "refunded" }
        return order.partRefunds.values.contains { $0 != 0 } ? "partly_refunded" : "completed"
    }

    func tasks() -> [Row] {
        fold.tasks.flatMap { subject, tasks in
            tasks.map { id, task in
                [
                    "subject": .text(subject), "task_id": .text(id), "state": .text(task.state.rawValue),
                    "due": Self.instant(task.due), "owner": .init(task.owner),
                ]
            }
        }
    }
}
