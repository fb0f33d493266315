import CRM

/// The groups that one `per` rule has found: the row that opens each, and its running sums.
struct GroupTable {
    /// A group's place, and the columns that make its key.
    private var places: [[UInt8]: Int] = [:]
    private var firstRows: [Int] = []
    private var sums: [DecimalAmount?] = []
    private var overflown: Set<Int> = []
    private var refusals: [Int: Int] = [:]
    private let sumCount: Int

    init(sumCount: Int) {
        self.sumCount = sumCount
    }

    /// The place of the group with this key; `nil` if there is none yet.
    func place(of key: [UInt8]) -> Int? { places[key] }

    /// The number of the row that opened the group.
    func firstRow(_ place: Int) -> Int { firstRows[place] }

    /// The group's sums; `nil` if one of them no longer fits into 128 bits.
    func sums(_ place: Int) -> ArraySlice<DecimalAmount?>? {
        overflown.contains(place) ? nil : sums[(place * sumCount)..<((place + 1) * sumCount)]
    }

    /// The line that says why the group has no event; `nil` if it has one.
    func refusal(_ place: Int) -> Int? { refusals.isEmpty ? nil : refusals[place] }

    /// Notes that the group's event is refused, as said of `line`.
    mutating func refuse(_ place: Int, line: Int) { refusals[place] = line }

    /// Opens a group.
    mutating func open(_ key: [UInt8], row: Int) -> Int {
        let place = firstRows.count
        places[key] = place
        firstRows.append(row)
        sums.append(contentsOf: repeatElement(nil, count: sumCount))
        return place
    }

    /// Adds what one row contributes.
    mutating func add(_ numbers: [DecimalAmount?], to place: Int) {
        for (index, number) in numbers.enumerated() {
            guard let number else { continue }
            let slot = place * sumCount + index
            if let before = sums[slot] {
                guard let sum = before.adding(number) else {
                    overflown.insert(place)
                    return
                }
                sums[slot] = sum
            } else {
                sums[slot] = number
            }
        }
    }
}
