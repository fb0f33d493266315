/// Who became whom.
package struct ReferenceMerges: Sendable {
    /// The pointer in force, per subject that has one.
    package var pointers: [String: String] = [:]

    /// Follows `customer.merged` and `customer.unmerged` of each subject; a merge into itself changes nothing.
    package init(_ known: KnownEvents) {
        for (subject, events) in known.bySubject {
            for event in events {
                if event.type == "customer.merged", let into = event.text("into"), into != subject {
                    pointers[subject] = into
                } else if event.type == "customer.unmerged" {
                    pointers[subject] = nil
                }
            }
        }
    }

    /// The end of the chain that starts at `subject`; if it runs into a circle, the least id of the circle.
    package func survivor(of subject: String) -> String {
        var path = [subject]
        var at = subject
        while let next = pointers[at] {
            if let start = path.firstIndex(of: next) {
                return path[start...].min { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) } ?? subject
            }
            path.append(next)
            at = next
        }
        return at
    }

    /// All members of each customer: the survivor and who was merged into it.
    package func groups(of subjects: some Sequence<String>) -> [String: Set<String>] {
        var groups: [String: Set<String>] = [:]
        for subject in subjects { groups[survivor(of: subject), default: []].insert(subject) }
        return groups
    }
}
