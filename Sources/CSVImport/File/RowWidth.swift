/// Whether a row has as many fields as the header.
enum RowWidth {
    /// Why the row cannot be taken; `nil` if it can.
    ///
    /// Empty fields beyond the header's are dropped: a delimiter at the end of lines is common.
    static func defect(_ row: inout CSVRow, _ header: Header) -> String? {
        let wanted = header.names.count
        while row.count > wanted, row.range(row.count - 1).isEmpty { row.ends.removeLast() }
        guard row.count < header.fieldsMin || row.count > wanted else { return nil }
        let hint = row.count > wanted ? "; put fields that hold the delimiter in quotes" : ""
        return "has \(row.count) field\(row.count == 1 ? "" : "s") where the header has \(wanted)" + hint
    }
}
