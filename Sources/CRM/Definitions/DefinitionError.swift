/// What is wrong with a file of definitions, and where.
public struct DefinitionProblem: Sendable, Equatable, CustomStringConvertible {
    /// The line in the file, from 1; `nil` if the whole file is meant.
    public var line: Int?
    /// The entry, as in `types.loyalty.joined.fields.level.kind`; empty at the top.
    public var entry: String
    /// What is wrong.
    public var message: String
    /// How to mend it.
    public var mend: String

    /// Makes a problem.
    public init(line: Int?, entry: String, message: String, mend: String) {
        self.line = line
        self.entry = entry
        self.message = message
        self.mend = mend
    }

    /// Line, entry, message and mend in one line.
    public var description: String {
        var place = ""
        if let line { place = "line \(line): " }
        if !entry.isEmpty { place += entry + ": " }
        return place + message + "; " + mend
    }
}

/// A file of definitions that cannot be used.
public struct DefinitionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file.
    public var path: String
    /// Everything that is wrong with it, from top to bottom; never empty.
    public var problems: [DefinitionProblem]

    /// Makes an error.
    public init(path: String, problems: [DefinitionProblem]) {
        self.path = path
        self.problems = problems
    }

    /// The first problem in one line, and how many more there are.
    public var description: String {
        let more = problems.count > 1 ? " (and \(problems.count - 1) more: touchline definitions check \(path))" : ""
        return path + ": " + (problems.first.map(String.init(describing:)) ?? "cannot be used") + more
    }
}
