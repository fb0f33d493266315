public import CRM
public import CSVImport
public import EventLog

/// The one way into the log: parse, check against the catalogue, (seal,) append.
///
/// Sealing of personal fields has its place between the check and the append; until it is built they are stored as
/// sent.
public struct Ingest: Sendable {
    /// What may differ from caller to caller.
    public struct Options: Sendable {
        /// The source of events that name none but have an id.
        public var defaultSource: String?
        /// Accept lines as another log's `cat` printed them, with the attributes that only the log sets.
        public var restores: Bool
        /// Accept subjects that look like an e-mail address or a phone number.
        public var allowsPersonalSubject: Bool
        /// Bytes of one event at most.
        public var eventBytesMax: Int

        /// Makes options.
        public init(
            defaultSource: String? = nil, restores: Bool = false, allowsPersonalSubject: Bool = false,
            eventBytesMax: Int = Limits.eventBytesMax
        ) {
            self.defaultSource = defaultSource
            self.restores = restores
            self.allowsPersonalSubject = allowsPersonalSubject
            self.eventBytesMax = eventBytesMax
        }
    }

    private let catalogue: Catalogue
    private let options: Options
    private let merges: MergeGuard?

    /// An ingest that checks against `catalogue`, and merges against those in the log.
    public init(catalogue: Catalogue, options: Options = Options(), merges: MergeGuard? = nil) {
        self.catalogue = catalogue
        self.options = options
        self.merges = merges
    }

    /// Parses and checks one line.
    ///
    /// - Parameter parser: one of `makeParser`, kept by the caller from line to line.
    /// - Returns: the draft and what looked odd but is kept.
    /// - Throws: `LineError`, `CatalogueError` or, for a merge that closes a circle, `ServiceError`.
    public func draft(
        line: ArraySlice<UInt8>, parser: inout EventParser
    ) throws -> (EventDraft, [CatalogueWarning]) {
        let draft = try parser.parse(line)
        return (draft, try check(draft))
    }

    /// A parser for a stream of lines.
    public func makeParser() -> EventParser {
        EventParser(
            options: EventParser.Options(
                eventBytesMax: options.eventBytesMax, defaultSource: options.defaultSource, restore: options.restores))
    }

    /// Checks a draft that was made elsewhere.
    public func check(_ draft: EventDraft) throws -> [CatalogueWarning] {
        let warnings = try checkAlone(draft)
        try checkMerge(draft)
        return warnings
    }

    /// Checks a draft against the catalogue, whatever else is in the log.
    func checkAlone(_ draft: EventDraft) throws -> [CatalogueWarning] {
        // A restored line was accepted once; what is in a log stays acceptable.
        if options.restores { return [] }
        return try catalogue.validate(draft, allowPersonalSubject: options.allowsPersonalSubject)
    }

    /// Checks a draft against the merges before it and, if it is one, takes note of it.
    func checkMerge(_ draft: EventDraft) throws {
        if !options.restores { try merges?.check(draft) }
    }

    /// What an import asks of its events: the same as `check`, and that they are not too large to store.
    public var eventCheck: EventCheck {
        EventCheck(
            alone: { draft in
                guard draft.byteCount <= options.eventBytesMax else {
                    throw ServiceError(
                        .badInput, "the event has \(draft.byteCount) bytes, over the limit of \(options.eventBytesMax)")
                }
                return try checkAlone(draft)
            }, inOrder: checkMerge)
    }
}
