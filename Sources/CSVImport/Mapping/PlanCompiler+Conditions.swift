extension PlanCompiler {
    /// The tests of a `when`.
    mutating func condition(_ node: MappingNode, isSkip: Bool) throws(ImportError) -> Condition {
        guard let members = node.members else {
            throw node.error("must be a mapping from a column to what it is, as in {status: [open, new]}")
        }
        var condition = Condition()
        for (key, test) in members {
            if key == "first_of" {
                let column = try values.column(try test.requireText("a column's name"), test)
                condition.tests.append(.firstOf(first(of: column, isSkip: isSkip)))
                continue
            }
            let column = try values.column(key, test)
            if let inner = test.members {
                guard inner.count == 1, let (word, body) = inner.first, word == "not" else {
                    throw test.error(
                        "unknown test; known are a text, a list, a glob with *, \"\", \"<0\", \">0\" and {not: …}")
                }
                condition.tests.append(.column(column, try patterns(body), isNegated: true))
            } else {
                condition.tests.append(.column(column, try patterns(test), isNegated: false))
            }
        }
        return condition
    }

    /// Rules that ask for the first rows of one column share what they have seen.
    private mutating func first(of column: Int, isSkip: Bool) -> FirstOf {
        if let known = (isSkip ? skipFirsts : emitFirsts).first(where: { $0.column == column }) { return known }
        let first = FirstOf(column: column, set: skipFirsts.count + emitFirsts.count)
        if isSkip { skipFirsts.append(first) } else { emitFirsts.append(first) }
        return first
    }

    private func patterns(_ node: MappingNode) throws(ImportError) -> [CellPattern] {
        var patterns: [CellPattern] = []
        for element in node.elements {
            let text = element.isNull ? "" : try element.requireText("a text, a list of texts or {not: …}")
            guard let pattern = CellPattern(text) else {
                throw element.error(
                    "\"\(text)\" is no test; numbers compare only as \"<0\" and \">0\" (\"\\\\\(text)\" is the text itself)"
                )
            }
            patterns.append(pattern)
        }
        guard !patterns.isEmpty else { throw node.error("is an empty list; name at least one text") }
        return patterns
    }
}
