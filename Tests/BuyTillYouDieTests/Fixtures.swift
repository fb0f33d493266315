import BuyTillYouDie
import Foundation

/// The files under `fixtures/` that these tests read.
enum Fixtures {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "fixtures")

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The rows of `btyd/golden_btyd.csv` of one model, header and model left out.
    static func golden(_ model: String) throws -> [[String]] {
        try text("btyd/golden_btyd.csv").split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            return fields[0] == model ? Array(fields.dropFirst()) : nil
        }
    }
}

/// Purchases by customer: day number → spend.
struct Purchases {
    var customers: [[(day: Int, amount: Double)]] = []

    /// The 1/10 sample (customer in the second column) or the master file (customer in the first).
    static func sample() throws -> Purchases { try read("cdnow/CDNOW_sample.txt", customer: 1, day: 2, amount: 4) }
    static func master() throws -> Purchases { try read("cdnow/CDNOW_master.txt", customer: 0, day: 1, amount: 3) }

    private static func read(_ path: String, customer: Int, day: Int, amount: Int) throws -> Purchases {
        var byCustomer: [String: [(day: Int, amount: Double)]] = [:]
        for line in try Fixtures.text(path).split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: " ")
            guard fields.count > amount, let date = Int(fields[day]), let value = Double(fields[amount]) else {
                continue
            }
            let number = days(year: date / 10_000, month: date / 100 % 100, day: date % 100)
            byCustomer[String(fields[customer]), default: []].append((number, value))
        }
        return Purchases(customers: byCustomer.keys.sorted().map { byCustomer[$0] ?? [] })
    }

    /// Days since 1970-01-01.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let yearOfEra = y - 400 * (y / 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return y / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Each customer's purchase days up to `until`, ascending, with the sum of each day.
    func daysUntil(_ until: Int) -> [[(day: Int, amount: Double)]] {
        customers.map { purchases in
            var sums: [Int: Double] = [:]
            for purchase in purchases where purchase.day <= until { sums[purchase.day, default: 0] += purchase.amount }
            return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// Histories in weeks as of the end of `until`, for those with a purchase by then.
    func histories(until: Int) -> [PurchaseHistory] {
        daysUntil(until).compactMap { days in
            guard let first = days.first, let last = days.last else { return nil }
            return PurchaseHistory(
                repeats: days.count - 1, recency: Double(last.day - first.day) / 7,
                age: Double(until - first.day) / 7)
        }
    }

    /// Purchase days after `start`, up to `end`, for the same customers in the same order as `histories(until: start)`.
    func purchaseDays(after start: Int, through end: Int) -> [Int] {
        customers.compactMap { purchases in
            guard purchases.contains(where: { $0.day <= start }) else { return nil }
            return Set(purchases.map(\.day).filter { $0 > start && $0 <= end }).count
        }
    }

    static let cut = days(year: 1997, month: 9, day: 30)
}

/// Whether `value` is within a relative distance of `wanted`.
func isNear(_ value: Double, _ wanted: Double, relative: Double = 1e-9) -> Bool {
    abs(value - wanted) <= relative * abs(wanted)
}
