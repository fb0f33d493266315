/// A mapping bound to one file's header: what the importer follows row by row.
struct ImportPlan {
    let source: String
    /// The zone of times that name none; `nil` if the mapping names none.
    let zone: String?
    let options: FileOptions
    let header: Header
    let skips: [SkipRule]
    let rules: [EmitRule]
    /// The columns of `first_of` under `skip`, and under `emit`; their sets are numbered through.
    let skipFirsts: [FirstOf]
    let emitFirsts: [FirstOf]
    /// What may be wrong with the mapping although it can be followed.
    let warnings: [String]

    /// Whether a rule sums over groups, so that the file must be read once before the first event is made.
    var needsGroupPass: Bool { rules.contains { !$0.sums.isEmpty } }
    /// Whether a rule leaves its ids to the importer.
    var usesRowIDs: Bool { rules.contains { $0.id == nil } }
}

/// A rule under `skip`.
struct SkipRule {
    let condition: Condition
    let reason: String
}

/// A rule under `emit`.
///
/// A class, because every row passes it on several times, and a struct of so many parts is dear to copy.
final class EmitRule {
    /// Its place under `emit`, from 1.
    let number: Int
    let condition: Condition
    /// Whether it takes only rows that no earlier rule took.
    let isOtherwise: Bool
    /// The columns of its groups' key; empty if every row is for itself.
    let per: [Int]
    let type: Value
    /// The type, if it is the same for every row.
    let constantType: String?
    let id: Value?
    /// `nil`: an event without a subject.
    let subject: Value?
    /// `nil`: the log's own time counts.
    let time: Value?
    /// `nil`: no data.
    let data: [Member]?
    /// What the sums in `data` add up.
    let sums: [Value]
    /// The event types it can give, where the mapping spells them out.
    let types: [String]
    /// Where the mapping says so.
    let place: String

    init(
        number: Int, condition: Condition, isOtherwise: Bool, per: [Int], type: Value, id: Value?, subject: Value?,
        time: Value?, data: [Member]?, sums: [Value], types: [String], place: String
    ) {
        self.number = number
        self.condition = condition
        self.isOtherwise = isOtherwise
        self.per = per
        self.type = type
        constantType = type.constantText
        self.id = id
        self.subject = subject
        self.time = time
        self.data = data
        self.sums = sums
        self.types = types
        self.place = place
    }
}
