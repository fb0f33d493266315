/// The attributes of an event line that have a meaning of their own; every other name is an extension.
enum EventAttribute {
    case specversion, id, source, type, subject, time, datacontenttype, data, dataBase64
    case recordedtime, sequence, subjectsequence, expectedversion

    /// The attribute of this name; `nil` for an extension.
    @inline(__always)
    init?(_ name: Span<UInt8>) {
        let attribute: (EventAttribute, StaticString)
        switch name.count {
        case 2: attribute = (.id, "id")
        case 4:
            switch name[0] {
            case UInt8(ascii: "d"): attribute = (.data, "data")
            default: attribute = name[1] == UInt8(ascii: "y") ? (.type, "type") : (.time, "time")
            }
        case 6: attribute = (.source, "source")
        case 7: attribute = (.subject, "subject")
        case 8: attribute = (.sequence, "sequence")
        case 11: attribute = name[0] == UInt8(ascii: "s") ? (.specversion, "specversion") : (.dataBase64, "data_base64")
        case 12: attribute = (.recordedtime, "recordedtime")
        case 15:
            switch name[0] {
            case UInt8(ascii: "d"): attribute = (.datacontenttype, "datacontenttype")
            case UInt8(ascii: "s"): attribute = (.subjectsequence, "subjectsequence")
            default: attribute = (.expectedversion, "expectedversion")
            }
        default: return nil
        }
        guard JSONText.equal(name, attribute.1) else { return nil }
        self = attribute.0
    }

    /// The name of an attribute that only a log sets, for messages.
    ///
    /// Written out, since the name that the language gives a case is looked up at run time, at some cost a line.
    var ownName: String {
        switch self {
        case .recordedtime: "recordedtime"
        case .subjectsequence: "subjectsequence"
        default: "sequence"
        }
    }

    /// Whether no extension may have this name.
    static func isReserved(_ name: Span<UInt8>) -> Bool { EventAttribute(name) != nil }
}
