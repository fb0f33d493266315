/// Events of a made-up CRM, for measuring: the same for the same seed, and about as large and as alike as real ones.
///
/// Nobody in it exists. Two years of calls, purchases, campaigns, complaints, deals and requests, in order of time;
/// some customers are heard of a hundred times as often as others. Deals, complaints and tickets are opened before they
/// move and close. Points expire in nightly runs: one event in a hundred, a thousand of them next to each other.
package struct SyntheticLife: Sendable {
    /// What ids the events have.
    package enum IDs: String, Sendable, CaseIterable, Encodable {
        /// None: the log names them.
        case none
        /// 36 characters that do not repeat.
        case uuid
        /// A letter, the seed, and a number that counts up, as tills and desks number what they do.
        case short
    }

    /// Where all chance comes from.
    package var seed: UInt64
    /// How many customers there are.
    package var customers: Int
    /// What ids the events have.
    package var ids: IDs

    /// A life with this seed.
    package init(seed: UInt64, customers: Int, ids: IDs) {
        self.seed = seed
        self.customers = max(1, customers)
        self.ids = ids
    }

    /// A life of about so many events: some twenty a customer, but no more than ten million customers.
    package init(seed: UInt64, events: UInt64, ids: IDs) {
        self.init(seed: seed, customers: Int(min(events / Self.eventsPerCustomer, 10_000_000)), ids: ids)
    }

    /// How many events a customer has on average.
    static let eventsPerCustomer: UInt64 = 20

    /// The events from the first on, without end.
    package func makeStream() -> SyntheticStream { SyntheticStream(self) }
}

/// An event of a made-up CRM.
package struct SyntheticEvent {
    /// The sender's id, if it gives one.
    package var id: String?
    /// The sender.
    package var source: String
    /// What happened.
    package var type: String
    /// The customer.
    package var subject: String
    /// When it happened, RFC 3339.
    package var time: String
    /// JSON text.
    package var data: [UInt8]

    /// Appends the event as a sender would write it, in the short form, with a line feed.
    package func appendLine(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: "{".utf8)
        if let id { buffer.append(contentsOf: "\"id\":\"\(id)\",\"source\":\"\(source)\",".utf8) }
        buffer.append(contentsOf: "\"type\":\"\(type)\",\"subject\":\"\(subject)\",\"time\":\"\(time)\",\"data\":".utf8)
        buffer.append(contentsOf: data)
        buffer.append(contentsOf: "}\n".utf8)
    }
}
