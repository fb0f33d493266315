public import CRM
public import EventLog

/// A stream of NDJSON lines on its way into the log, cut into requests.
///
/// The events before the first bad line are appended and acknowledged; the stream stops at that line and says so. While
/// one request is on its way to the disk the next one is parsed, but none is sent before it is known that all before it
/// were taken.
public struct EventStream: Sendable {
    /// One line that is in the log.
    public struct Accepted: Sendable {
        /// The line in the input, from 1.
        public var line: Int
        /// What the log says of it.
        public var acknowledgement: Acknowledgement
        /// The sender's id, or the one the log gave.
        public var id: String
        /// Whether the sender gave no id, so that sending it again would store it again.
        public var lacksID: Bool
    }

    /// Where and why a stream stopped.
    public struct Stop: Error, Sendable {
        /// The line in the input, from 1.
        public var line: Int
        /// What is wrong there and how to mend it.
        public var message: String
        /// Whether the input is to blame (else the log or the disk).
        public var isInput: Bool
    }

    /// Events of one request; well under the limit, so that acknowledgements come at a steady pace.
    public static let requestEvents = 5_000
    /// Bytes of one request.
    public static let requestBytes = 4 << 20

    private let ingest: Ingest
    private let sequencer: any Sequencer
    private let lineBytesMax: Int
    private let isSingleRequest: Bool
    private let expectedVersion: UInt64?
    private let accepted: @Sendable (Accepted) -> Void
    private let warned: @Sendable (Int, CatalogueWarning) -> Void

    private var parser: EventParser
    private var pending: [(line: Int, draft: EventDraft)] = []
    private var pendingBytes = 0
    /// The request on its way, with what became of it.
    private var underway: (events: [(line: Int, draft: EventDraft)], answer: Task<[Acknowledgement], any Error>)?
    private var rest: [UInt8] = []
    private var line = 0

    /// A stream into `sequencer`.
    ///
    /// - Parameters:
    ///   - expectedVersion: what every subject must be at when its first event is appended; then the whole stream is
    ///     one request, all or nothing.
    ///   - accepted: called for each line in order once it is durable.
    ///   - warned: called for what looks odd but is kept.
    public init(
        _ ingest: Ingest, into sequencer: any Sequencer, lineBytesMax: Int = Limits.eventBytesMax,
        expectedVersion: UInt64? = nil, accepted: @escaping @Sendable (Accepted) -> Void,
        warned: @escaping @Sendable (Int, CatalogueWarning) -> Void = { _, _ in }
    ) {
        self.ingest = ingest
        self.sequencer = sequencer
        self.lineBytesMax = lineBytesMax
        self.expectedVersion = expectedVersion
        self.isSingleRequest = expectedVersion != nil
        self.accepted = accepted
        self.warned = warned
        parser = ingest.makeParser()
    }

    /// Takes the next bytes of the input.
    ///
    /// - Parameter isLive: append what is complete now rather than wait for a full request.
    /// - Throws: `Stop`.
    public mutating func feed(_ bytes: ArraySlice<UInt8>, isLive: Bool) async throws {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if rest.isEmpty {
                try await take(bytes[start..<end])
            } else {
                rest.append(contentsOf: bytes[start..<end])
                let whole = rest
                rest.removeAll(keepingCapacity: true)
                try await take(whole[...])
            }
            start = end + 1
        }
        rest.append(contentsOf: bytes[start...])
        // White space around an event may make the line longer than the event; twice the limit is surely no event.
        if rest.count > 2 * lineBytesMax {
            line += 1
            try await stop("the line has over \(2 * lineBytesMax) bytes; an event takes at most \(lineBytesMax)")
        }
        if isLive, !isSingleRequest {
            try await flush()
            try await settle()
        }
    }

    /// Takes the end of the input: a last line without a line feed counts.
    public mutating func finish() async throws {
        if !rest.isEmpty {
            let last = rest
            rest = []
            try await take(last[...])
        }
        try await flush()
        try await settle()
    }

    /// Waits for what is on its way, and acknowledges it.
    ///
    /// - Throws: `Stop`.
    public mutating func settle() async throws {
        guard let (events, answer) = underway else { return }
        underway = nil
        do {
            acknowledge(events, try await answer.value)
        } catch let error as AppendError {
            try await stop(events, error)
        }
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) async throws {
        line += 1
        let text = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        guard text.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else { return }
        let draft: EventDraft
        do {
            let warnings: [CatalogueWarning]
            (draft, warnings) = try ingest.draft(line: text, parser: &parser)
            for warning in warnings { warned(line, warning) }
        } catch {
            try await stop((error as? ServiceError)?.message ?? String(describing: error))
            return
        }
        let bytes = draft.byteCount
        if !isSingleRequest, !pending.isEmpty,
            pending.count >= Self.requestEvents || pendingBytes + bytes > Self.requestBytes
        {
            try await flush()
        }
        pending.append((line, draft))
        pendingBytes += bytes
    }

    /// Appends what came before, then reports the line.
    private mutating func stop(_ message: String) async throws {
        let line = line
        if isSingleRequest { pending = [] }
        try await flush()
        try await settle()
        throw Stop(line: line, message: message, isInput: true)
    }

    /// Sends what is pending, once what was sent before is in.
    private mutating func flush() async throws {
        guard !pending.isEmpty else { return }
        try await settle()
        let events = pending
        pending = []
        pendingBytes = 0
        let request = AppendRequest(events: events.map(\.draft), expectedVersion: expectedVersion)
        let sequencer = sequencer
        underway = (events, Task { try await sequencer.append(request) })
    }

    /// Says where the stream stopped, after a request was refused.
    private mutating func stop(_ events: [(line: Int, draft: EventDraft)], _ error: AppendError) async throws {
        pending = []
        guard let index = error.eventIndex, events.indices.contains(index) else {
            throw Stop(line: events[0].line, message: error.message, isInput: error.isInput)
        }
        // All or nothing: those before the bad one go in by themselves.
        if !isSingleRequest, error.isInput, index > 0 {
            pending = Array(events[..<index])
            try await flush()
            try await settle()
        }
        throw Stop(line: events[index].line, message: error.message, isInput: error.isInput)
    }

    private func acknowledge(_ events: [(line: Int, draft: EventDraft)], _ acknowledgements: [Acknowledgement]) {
        for (event, acknowledgement) in zip(events, acknowledgements) {
            accepted(
                Accepted(
                    line: event.line, acknowledgement: acknowledgement,
                    id: event.draft.id ?? String(acknowledgement.sequence), lacksID: event.draft.id == nil))
        }
    }
}

extension AppendError {
    /// Whether the events are to blame rather than the log or the disk.
    var isInput: Bool {
        switch code {
        case .invalidEvent, .idConflict, .versionConflict, .requestSize: true
        case .noSpace, .damaged, .outcomeUnknown, .closed: false
        }
    }
}
