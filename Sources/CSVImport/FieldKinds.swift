public import CRM
import EventLog

/// What the importer asks of an event catalogue.
public protocol FieldKinds: Sendable {
    /// What a field of a type holds, which decides the JSON that a cell becomes; `nil` if the catalogue does not know
    /// it, and the cell stays text. A field inside an object is written with points.
    func kind(ofField field: String, inType type: String) -> FieldKind?

    /// Why a rule cannot give events of this type, and the mend; `nil` if it can.
    ///
    /// - Parameters:
    ///   - fields: the fields that the rule fills.
    ///   - hasSubject: whether the rule gives its events a subject.
    func objection(toType type: String, fields: [String], hasSubject: Bool) -> String?
}

extension Catalogue: FieldKinds {
    /// Objects to an unknown type, to a missing required field or companion, and to a subject missing or too many.
    public func objection(toType name: String, fields: [String], hasSubject: Bool) -> String? {
        guard accepts(type: name) else {
            let near = near(type: name)
            let mend = near.isEmpty ? "" : "did you mean \(near.joined(separator: " or "))? Else "
            let shown = LineError.printable(name)
            return "no event type \"\(shown)\"; \(mend)add it to catalogue.yaml, or use x.\(shown)"
        }
        guard let type = type(named: name) else { return nil }
        switch type.subject {
        case .required where !hasSubject: return "\(name) needs a subject; add `subject: \"{column}\"`"
        case .forbidden where hasSubject: return "\(name) has no subject; say `subject: \"\"` in this rule"
        default: break
        }
        for field in type.fields {
            let isThere = fields.contains(field.name)
            if field.isRequired, !isThere { return "\(name) needs data.\(field.name); add it to this rule's `data`" }
            if isThere, !field.needsOneOf.isEmpty, !fields.contains(where: field.needsOneOf.contains) {
                return "data.\(field.name) of \(name) needs \(field.needsOneOf.joined(separator: " or ")) beside it"
            }
        }
        return nil
    }
}
