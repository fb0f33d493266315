import EventLog
import GRDB

/// Something that two customers should not both have.
struct DuplicateKey: Hashable, Comparable, Sendable {
    enum Reason: String, Sendable, Comparable {
        case identity, phone, email

        static func < (left: Reason, right: Reason) -> Bool { left.rawValue < right.rawValue }
    }

    var reason: Reason
    /// Of an identity its kind; else empty.
    var kind: String
    /// The identity as linked, or the phone number or address in its one spelling.
    var value: String

    static func < (left: DuplicateKey, right: DuplicateKey) -> Bool {
        (left.reason, left.kind, left.value) < (right.reason, right.kind, right.value)
    }

    /// 64 bits that are the same for the same key on every machine (FNV-1a).
    var fingerprint: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01b3
        }
        add(reason.rawValue)
        add(kind)
        add(value)
        return hash
    }
}

/// Finds the keys that more than one customer has.
///
/// All keys are passed over twice: first only 64 bits of each are kept and sorted, then the keys whose bits came more
/// than once are read again. So the time grows as n log n and a customer takes a few bytes, however many there are.
struct DuplicateKeys {
    /// The customers of each key that has several, in the order of bytes.
    let customers: [DuplicateKey: [String]]

    init(_ db: Database) throws {
        var fingerprints: [UInt64] = []
        try Self.forEach(db) { key, _ in fingerprints.append(key.fingerprint) }
        fingerprints.sort()
        var repeated = Set<UInt64>()
        for index in fingerprints.indices.dropFirst() where fingerprints[index] == fingerprints[index - 1] {
            repeated.insert(fingerprints[index])
        }
        let survivors = try ChurnPopulation.merges(db).survivors
        var found: [DuplicateKey: Set<String>] = [:]
        try Self.forEach(db) { key, subject in
            if repeated.contains(key.fingerprint) { found[key, default: []].insert(survivors[subject] ?? subject) }
        }
        customers = found.filter { $0.value.count > 1 }.mapValues { customers in
            customers.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
    }

    /// Every key with the subject that has it.
    private static func forEach(_ db: Database, _ body: (DuplicateKey, String) -> Void) throws {
        let profiles = try Row.fetchCursor(
            db, sql: "SELECT subject, phone, email FROM customers WHERE phone IS NOT NULL OR email IS NOT NULL")
        while let row = try profiles.next() {
            let subject: String = row[0]
            if let key = phone(row[1]) { body(key, subject) }
            if let key = email(row[2]) { body(key, subject) }
        }
        let identities = try Row.fetchCursor(db, sql: "SELECT subject, kind, value FROM customer_identities")
        while let row = try identities.next() {
            let (subject, kind, value): (String, String, String) = (row[0], row[1], row[2])
            // A phone number or an address is found as such, in whatever spelling.
            if let key = kind == "phone" ? phone(value) : kind == "email" ? email(value) : nil {
                body(key, subject)
            } else {
                body(DuplicateKey(reason: .identity, kind: kind, value: value), subject)
            }
        }
    }

    private static func phone(_ text: String?) -> DuplicateKey? {
        text.flatMap(ContactKey.phone).map { DuplicateKey(reason: .phone, kind: "", value: $0) }
    }

    private static func email(_ text: String?) -> DuplicateKey? {
        text.flatMap(ContactKey.email).map { DuplicateKey(reason: .email, kind: "", value: $0) }
    }
}
