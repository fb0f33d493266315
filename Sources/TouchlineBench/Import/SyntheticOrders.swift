import Foundation
import SystemPackage

/// A shop's table of orders as a CSV file.
struct SyntheticOrders {
    /// How many there are.
    var rows: UInt64

    /// How the rows become events.
    static let mapping = """
        source: /synthetic/orders
        zone: UTC
        emit:
        - type: purchase.completed
          id: "{order}"
          subject: "{customer}"
          time: {column: time, format: "yyyy-MM-dd HH:mm:ss"}
          data:
            order: "{order}"
            amount: "{amount}"
            currency: "{currency}"
            items: "{items}"
            channel: "{channel}"
        """

    /// Writes the file.
    func write(_ path: FilePath, _ progress: BenchProgress) throws {
        guard FileManager.default.createFile(atPath: path.string, contents: nil),
            let file = FileHandle(forWritingAtPath: path.string)
        else { throw BenchError(.failed, "\(path): cannot be written") }
        var chance = Chance(state: 3)
        let customers = max(1, Int(clamping: rows / 20))
        var text = "order,customer,time,amount,currency,items,channel\n"
        for row in 0..<rows {
            let number = Int(row)
            let time =
                "2025-\(padded(1 + number / 28 % 12, 2))-\(padded(1 + number % 28, 2)) "
                + "\(padded(chance.below(24), 2)):\(padded(chance.below(60), 2)):\(padded(chance.below(60), 2))"
            text +=
                "ORD-\(padded(number, 9)),c-\(padded(chance.below(customers), 6)),\(time),"
                + "\(chance.amount(4, 900)),EUR,\(1 + chance.below(5)),\(chance.pick(SyntheticText.channels))\n"
            if text.utf8.count > 1 << 20 || row + 1 == rows {
                try file.write(contentsOf: Data(text.utf8))
                text = ""
                try progress("making rows", row, of: rows)
            }
        }
        try file.close()
    }
}
