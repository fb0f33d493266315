package import EventLog
import Foundation

/// The events of a made-up CRM, one after the other.
///
/// Used by one thread.
package struct SyntheticStream {
    /// Two years from 2023 on.
    private static let firstDay = 19_358
    private static let days = 729
    /// Events of a nightly run: each is the last hundredth of a hundred times as many.
    private static let runEvents: (long: Int, short: Int) = (1_000, 10)

    private let life: SyntheticLife
    private var chance: Chance
    private var customers: [SyntheticCustomer]
    private var place = 0
    private let stepMilliseconds: Int
    private let run: Int
    /// The customers' shares: of rank r 1 / (r + 20)^0.8, by the inverse of their sum.
    private let shares: (first: Double, span: Double)

    init(_ life: SyntheticLife) {
        self.life = life
        var ofSeed = Chance(state: life.seed)
        chance = Chance(state: ofSeed.next())
        customers = Array(repeating: SyntheticCustomer(), count: life.customers)
        let events = life.customers * Int(SyntheticLife.eventsPerCustomer)
        stepMilliseconds = max(1, Self.days * 86_400_000 / events)
        run = events >= 200_000 ? Self.runEvents.long : Self.runEvents.short
        let first = pow(20, 0.2)
        shares = (first, pow(20 + Double(life.customers), 0.2) - first)
    }

    /// The next event.
    package mutating func next() -> SyntheticEvent {
        defer { place += 1 }
        let number = drawCustomer()
        let isRun = place / run % 100 == 99
        let kind = isRun ? .expired : customers[number].kind(SyntheticKind.drawn(&chance))
        var data = DataText()
        customers[number].live(kind, number: number, &chance, into: &data)
        let source = kind.source
        return SyntheticEvent(
            id: drawID(kind), source: source, type: kind.rawValue, subject: "c-" + padded(number, 6), time: drawTime(),
            data: data.finished)
    }

    /// The next `count` events as a request's drafts.
    package mutating func request(_ count: Int) -> [EventDraft] {
        (0..<count).map { _ in
            let event = next()
            return EventDraft(
                id: event.id, source: event.id == nil ? nil : event.source, type: event.type, subject: event.subject,
                time: event.time, data: event.data)
        }
    }

    /// The next `count` events as lines of a sender.
    package mutating func lines(_ count: Int) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(count * 320)
        for _ in 0..<count { next().appendLine(to: &buffer) }
        return buffer
    }

    private mutating func drawCustomer() -> Int {
        let root = shares.first + chance.unit() * shares.span
        let rank = min(Int(root * root * root * root * root - 20), life.customers - 1)
        // Ranks are scattered over the numbers.
        return (max(0, rank) * 7_919 + 13) % life.customers
    }

    private mutating func drawID(_ kind: SyntheticKind) -> String? {
        switch life.ids {
        case .none: nil
        case .uuid: chance.uuid()
        case .short: "\(kind.rawValue.prefix(1))\(life.seed)-\(padded(place, 8))"
        }
    }

    private mutating func drawTime() -> String {
        let milliseconds = place * stepMilliseconds + chance.below(stepMilliseconds)
        var text: [UInt8] = []
        text.reserveCapacity(27)
        Instant(microseconds: (Int64(Self.firstDay) * 86_400_000 + Int64(milliseconds)) * 1_000)
            .appendRFC3339(to: &text)
        // Milliseconds are what senders have.
        text.removeLast(4)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }
}
