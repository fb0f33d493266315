import GRDBSQLite

/// A table in memory that holds one row a customer and nothing else, and conditions asked of its rows.
///
/// Conditions come from a file that many may write, so none is trusted. The connection is a database of its own in
/// which there is nothing but this table. A condition is compiled twice: first as `SELECT … WHERE (condition)` under an
/// authorizer that lets through one SELECT, the table's columns and functions of a list. Then as a virtual column of
/// the table, because there SQLite itself refuses subqueries and, while it runs, whatever would give another answer
/// tomorrow (`date('now')` however spelled). A handler that SQLite calls now and then ends what takes too long.
///
/// All unsafe code of segments is here and in `LikeFunction`. Invariants: `connection` is open from `init` to `deinit`
/// and used by one thread at a time, as the class is not `Sendable`; statements are finalised before the call that made
/// them returns; the pointers that SQLite keeps (`guardState`) live as long as the connection.
final class ConditionTable {
    /// What the authorizer saw; SQLite holds a pointer to it.
    private final class GuardState {
        var selects = 0
        var columns: Set<String> = []
        var denial: ConditionFault?
        var deadline = ContinuousClock.now
        var isLate = false
    }

    private let connection: OpaquePointer
    private let guardState = GuardState()
    private let columns: [SegmentColumn]
    private let names: Set<String>
    private let now: String
    private var insert: OpaquePointer?
    /// How many conditions the table has as columns.
    private var conditionCount = 0
    /// Bytes of the longest row's texts.
    private var longestRow = 0

    /// A condition may run for so long over all customers.
    static let timeMax = Duration.seconds(20)
    /// Steps of SQLite's machine between two looks at the clock.
    private static let stepsPerLook: Int32 = 10_000
    /// An expression may be so deep.
    private static let depthMax: Int32 = 200
    /// A customer's texts may be so long.
    private static let textMax = 64_000_000
    /// A text that a condition makes may become so long, or twice as long as a customer's texts: what is searched in
    /// one step stays short.
    private static let madeTextMax = 524_288

    /// The functions that a condition may call.
    static let functions: Set<String> = [
        "abs", "coalesce", "date", "datetime", "ifnull", "iif", "instr", "json_array_length", "json_extract",
        "json_type", "julianday", "length", "like", "lower", "ltrim", "max", "min", "nullif", "replace", "round",
        "rtrim", "strftime", "substr", "substring", "time", "trim", "typeof", "unixepoch", "upper", "->", "->>",
    ]

    /// An empty table.
    ///
    /// - Throws: `ConditionFault` if SQLite has no memory.
    init(columns: [SegmentColumn], now: String) throws(ConditionFault) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(":memory:", &opened, flags, nil) == SQLITE_OK, let opened else {
            sqlite3_close_v2(opened)
            throw ConditionFault(message: "no memory for the rows of customers", mend: "free some and ask again")
        }
        connection = opened
        self.columns = columns
        self.now = now
        names = Set(columns.map(\.name))
        sqlite3_limit(connection, SQLITE_LIMIT_EXPR_DEPTH, Self.depthMax)
        sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, Int32(Self.madeTextMax))
        sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0)
        LikeFunction.register(connection)
        Self.refuseTrimsByList(connection)
        try execute(table("plain", ""))
    }

    deinit {
        sqlite3_finalize(insert)
        sqlite3_close_v2(connection)
    }

    private func table(_ name: String, _ more: String) -> String {
        let all = columns.map { "\"\($0.name)\" \($0.kind.rawValue)" }.joined(separator: ", ")
        return "CREATE TABLE \"\(name)\" (\(all)\(more), PRIMARY KEY (customer)) WITHOUT ROWID"
    }

    // MARK: Conditions

    /// Checks a condition, and gives the columns it reads and its text with `:now` in place.
    func check(_ condition: String) throws(ConditionFault) -> (columns: Set<String>, sql: String) {
        let text = try ConditionText(condition, now: now, columns: names).sql
        let used = try authorized("SELECT customer FROM plain WHERE (\(text))")
        try execute(table("probe", ", \"the condition\" AS (\(text))"))
        // What is left of a condition that failed would stand in the way of the next.
        defer { sqlite3_exec(connection, "DROP TABLE IF EXISTS probe", nil, nil, nil) }
        // Two rows are asked, too, one without values and one with some: what is only found out while it runs shows
        // now, not when somebody asks. An empty JSON object is a text that no function of the list takes amiss.
        let names = columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
        let values = columns.map { $0.kind == .text ? "'{}'" : "1" }.joined(separator: ", ")
        try execute("INSERT INTO probe (customer) VALUES ('')")
        try execute("INSERT INTO probe (\(names)) VALUES (\(values))")
        try execute("SELECT \"the condition\" FROM probe")
        return (used, text)
    }

    /// Compiles a statement under the authorizer and throws it away; the columns it would read.
    private func authorized(_ sql: String) throws(ConditionFault) -> Set<String> {
        guardState.selects = 0
        guardState.columns = []
        guardState.denial = nil
        let pointer = Unmanaged.passUnretained(guardState).toOpaque()
        sqlite3_set_authorizer(
            connection,
            { pointer, action, first, second, _, _ in
                guard let pointer else { return SQLITE_DENY }
                let state = Unmanaged<GuardState>.fromOpaque(pointer).takeUnretainedValue()
                return ConditionTable.authorize(
                    state, action, first.map { String(cString: $0) }, second.map { String(cString: $0) })
            }, pointer)
        defer { sqlite3_set_authorizer(connection, nil, nil) }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v2(connection, sql, -1, &statement, nil)
        sqlite3_finalize(statement)
        if let denial = guardState.denial { throw denial }
        guard code == SQLITE_OK else { throw fault() }
        return guardState.columns
    }

    /// Takes the trims with a list of characters out: their time is that of text times list, in one step that no
    /// handler interrupts.
    private static func refuseTrimsByList(_ connection: OpaquePointer) {
        for name in ["trim", "ltrim", "rtrim"] {
            sqlite3_create_function_v2(
                connection, name, 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nil,
                { context, _, _ in
                    sqlite3_result_error(context, "trim, ltrim and rtrim take one text and no list of characters", -1)
                }, nil, nil, nil)
        }
    }

    private static func authorize(_ state: GuardState, _ action: Int32, _ first: String?, _ second: String?) -> Int32 {
        switch action {
        case SQLITE_SELECT:
            state.selects += 1
            if state.selects == 1 { return SQLITE_OK }
            state.denial = subquery
        case SQLITE_READ where first == "plain":
            if let second { state.columns.insert(second) }
            return SQLITE_OK
        case SQLITE_FUNCTION:
            let name = second?.lowercased() ?? ""
            if functions.contains(name) { return SQLITE_OK }
            state.denial = denial(ofFunction: name)
        default:
            state.denial = ConditionFault(
                message: "a condition may only read the customer's row", mend: "write an expression, as after WHERE")
        }
        return SQLITE_DENY
    }

    private static let subquery = ConditionFault(
        message: "a condition may not ask a question of its own (SELECT, IN of a table)",
        mend: "use the columns of the customer's row")

    private static func denial(ofFunction name: String) -> ConditionFault {
        if name.hasPrefix("current_") {
            return ConditionFault(message: "\(name.uppercased()) is not the moment of the answer", mend: "write :now")
        }
        if name == "random" || name == "randomblob" {
            return ConditionFault(
                message: "\(name)() gives another answer each time", mend: "a segment must be the same when asked again"
            )
        }
        let near = NearMatches.rank(name, among: functions.sorted())
        let known = near.isEmpty ? functions.filter { $0.first != "-" }.sorted() : near
        return ConditionFault(
            message: "the function \(name)() may not be used", mend: "these may: \(known.joined(separator: ", "))")
    }

    /// What SQLite says, with the mend.
    private func fault() -> ConditionFault {
        let message = String(cString: sqlite3_errmsg(connection))
        if guardState.isLate {
            return ConditionFault(
                message: "the condition takes longer than \(Self.timeMax.components.seconds) seconds",
                mend: "make it simpler")
        }
        if message.hasPrefix("no such column: ") {
            let name = String(message.dropFirst(16))
            let near = NearMatches.rank(name, among: names.sorted())
            return ConditionFault(
                message: "no column \"\(name)\"" + (near.isEmpty ? "" : "; near it: \(near.joined(separator: ", "))"),
                mend: "`touchline segments columns` lists them")
        }
        if message.hasPrefix("no such function: ") { return Self.denial(ofFunction: String(message.dropFirst(18))) }
        if message.contains("subqueries prohibited") || message.contains("sub-select") { return Self.subquery }
        if message.contains("non-deterministic") {
            return ConditionFault(
                message: "it would give another answer each time (\(message.prefix { $0 != "(" }))",
                mend: "write :now for the moment of the answer")
        }
        return ConditionFault(
            message: "no SQL condition (\(message))", mend: "write an expression, as after WHERE")
    }

    // MARK: Rows

    /// Makes the table that takes rows.
    func prepare() throws(ConditionFault) {
        sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, Int32(Self.textMax))
        try execute(table("customer", ""))
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        guard sqlite3_prepare_v2(connection, "INSERT INTO customer VALUES (\(marks))", -1, &insert, nil) == SQLITE_OK
        else { throw fault() }
        try execute("BEGIN")
    }

    /// Adds a customer's row, a value a column.
    func add(_ row: [SegmentValue]) throws(ConditionFault) {
        var length = 0
        for (index, value) in row.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .null: sqlite3_bind_null(insert, place)
            case .integer(let number): sqlite3_bind_int64(insert, place, number)
            case .real(let number): sqlite3_bind_double(insert, place, number)
            case .text(let text):
                length += text.utf8.count
                // SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
                let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
                sqlite3_bind_text(insert, place, text, Int32(clamping: text.utf8.count), copied)
            }
        }
        longestRow = max(longestRow, length)
        let code = sqlite3_step(insert)
        sqlite3_reset(insert)
        guard code == SQLITE_DONE else { throw fault() }
    }

    /// The customers for whom a condition, as `check` gave it, holds, in the order of bytes.
    ///
    /// Called when all rows are in.
    func members(_ condition: String) throws(ConditionFault) -> [String] {
        sqlite3_finalize(insert)
        insert = nil
        conditionCount += 1
        guard conditionCount <= SegmentsQuery.segmentsMax else {
            throw ConditionFault(
                message: "only \(SegmentsQuery.segmentsMax) segments can be asked for at once",
                mend: "ask for this one by its name")
        }
        sqlite3_limit(
            connection, SQLITE_LIMIT_LENGTH, Int32(clamping: min(Self.textMax, max(Self.madeTextMax, longestRow * 2))))
        try execute("ALTER TABLE customer ADD COLUMN \"condition \(conditionCount)\" AS (\(condition))")
        guardState.isLate = false
        guardState.deadline = .now + Self.timeMax
        let pointer = Unmanaged.passUnretained(guardState).toOpaque()
        sqlite3_progress_handler(
            connection, Self.stepsPerLook,
            { pointer in
                guard let pointer else { return 1 }
                let state = Unmanaged<GuardState>.fromOpaque(pointer).takeUnretainedValue()
                state.isLate = ContinuousClock.now > state.deadline
                return state.isLate ? 1 : 0
            }, pointer)
        defer { sqlite3_progress_handler(connection, 0, nil, nil) }
        var statement: OpaquePointer?
        let sql = "SELECT customer FROM customer WHERE \"condition \(conditionCount)\" ORDER BY customer"
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else { throw fault() }
        var members: [String] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return members }
            guard code == SQLITE_ROW, let text = sqlite3_column_text(statement, 0) else { throw fault() }
            // The bytes are SQLite's until the next step.
            let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, 0)))
            members.append(String(decoding: bytes, as: UTF8.self))
        }
    }

    private func execute(_ sql: String) throws(ConditionFault) {
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw fault() }
    }
}
