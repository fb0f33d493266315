import EventLog

/// An opportunity as of a moment, worked out from its history.
///
/// Pipelines and stages are numbers of `FunnelNames`. What not every question needs is told by where it stands in the
/// text, empty if it is not there.
struct FunnelDealThen {
    /// A stay in a stage.
    struct Stay {
        var pipeline: Int32
        var stage: Int32
        /// Microseconds since 1970.
        var entered: Int64
        /// `running` while it is here.
        var left: Int64
        /// Whether the stage was only reported, while the opportunity was closed.
        var isPassing: Bool
    }

    /// The end of a stay that has not ended.
    static let running = Int64.max

    var stays: [Stay] = []
    /// The pipeline it is in, or was in when it was closed.
    var pipeline = FunnelNames.none
    var state = FunnelDeal.State.open
    var opened: Int64 = 0
    var closed: Int64 = 0
    /// How long it was closed before the closing in force.
    var closedBefore: Int64 = 0
    var owner = 0..<0
    var closingOwner = 0..<0
    var origin = 0..<0
    var product = 0..<0
    var due = 0..<0
    var reason = 0..<0
    var amount = 0..<0
    var currency = 0..<0
    /// The stay it is in, or was closed in; an index into `stays`.
    var current = -1

    /// Forgets everything, to be filled anew.
    mutating func removeAll() {
        var emptied = stays
        stays = []
        emptied.removeAll(keepingCapacity: true)
        self = FunnelDealThen()
        stays = emptied
    }
}

/// Reads what `FunnelHistory` writes, up to a moment.
///
/// A stage that is `(none)` counts as the first of its pipeline, if that is defined; going on to that stage then begins
/// no new stay. Text that is no history ends where it stops making sense.
struct FunnelHistoryReader {
    var names = FunnelNames()
    /// Per number of a pipeline its first stage, where it is defined.
    private var firstStages: [Int32] = []
    private let noStage: Int32

    /// A reader that knows these pipelines' first stages.
    init(_ pipelines: FunnelPipelines) {
        noStage = names.number(FunnelPipelines.noStage)
        for pipeline in pipelines.defined {
            guard let first = pipeline.stages.first else { continue }
            let (number, stage) = (Int(names.number(pipeline.name)), names.number(first.name))
            while firstStages.count <= number { firstStages.append(FunnelNames.none) }
            firstStages[number] = stage
        }
    }

    /// The number of a name that the answer needs.
    mutating func number(_ name: String) -> Int32 { names.number(name) }

    /// The number of the name at a place of a history; `FunnelNames.none` for an empty place.
    mutating func number(_ place: Range<Int>, of history: Span<UInt8>) -> Int32 {
        place.isEmpty ? FunnelNames.none : names.number(escaped: history.extracting(place))
    }

    /// The text at a place of a history; nil for an empty place.
    static func text(_ place: Range<Int>, of history: Span<UInt8>) -> String? {
        place.isEmpty ? nil : JSONText.decodedString(history.extracting(place))
    }

    /// Fills `deal` with what `history` tells up to `bound`, in microseconds since 1970.
    ///
    /// - Returns: `false` if it did not exist by then.
    mutating func read(_ history: Span<UInt8>, until bound: Int64, into deal: inout FunnelDealThen) -> Bool {
        deal.removeAll()
        var marks = FunnelMarks()
        var pipeline = FunnelNames.none
        var time: Int64 = 0
        while let mark = marks.next(in: history) {
            time = time &+ mark.since
            guard time <= bound else { break }
            if deal.stays.isEmpty { deal.opened = time }
            switch mark.word {
            case UInt8(ascii: "i"), UInt8(ascii: "a"):
                if !mark.second.isEmpty { pipeline = names.number(escaped: history.extracting(mark.second)) }
                let stage = stage(history.extracting(mark.first), of: pipeline)
                let isPassing = mark.word == UInt8(ascii: "a")
                enter(stage, pipeline, isPassing: isPassing, at: time, &deal)
            case UInt8(ascii: "w"): close(.won, mark, at: time, &deal)
            case UInt8(ascii: "l"): close(.lost, mark, at: time, &deal)
            case UInt8(ascii: "r"): deal.reason = mark.first
            case UInt8(ascii: "v"):
                deal.amount = mark.first
                deal.currency = mark.second
            case UInt8(ascii: "o"): deal.owner = mark.first
            case UInt8(ascii: "f"): deal.origin = mark.first
            case UInt8(ascii: "p"): deal.product = mark.first
            case UInt8(ascii: "d"): deal.due = mark.first
            default: break
            }
        }
        return !deal.stays.isEmpty
    }

    private mutating func stage(_ name: Span<UInt8>, of pipeline: Int32) -> Int32 {
        let stage = names.number(escaped: name)
        guard stage == noStage, pipeline >= 0, Int(pipeline) < firstStages.count,
            firstStages[Int(pipeline)] >= 0
        else { return stage }
        return firstStages[Int(pipeline)]
    }

    private func enter(
        _ stage: Int32, _ pipeline: Int32, isPassing: Bool, at time: Int64, _ deal: inout FunnelDealThen
    ) {
        if isPassing {
            deal.stays.append(
                FunnelDealThen.Stay(pipeline: pipeline, stage: stage, entered: time, left: time, isPassing: true))
            return
        }
        if deal.state == .open, deal.current >= 0 {
            let stay = deal.stays[deal.current]
            if stay.stage == stage, stay.pipeline == pipeline { return }
            deal.stays[deal.current].left = time
        } else if deal.state != .open {
            deal.closedBefore += time - deal.closed
            deal.state = .open
            deal.reason = 0..<0
        }
        deal.pipeline = pipeline
        deal.current = deal.stays.count
        deal.stays.append(
            FunnelDealThen.Stay(
                pipeline: pipeline, stage: stage, entered: time, left: FunnelDealThen.running, isPassing: false))
    }

    private func close(
        _ outcome: FunnelDeal.State, _ mark: FunnelMarks.Mark, at time: Int64, _ deal: inout FunnelDealThen
    ) {
        if deal.state == .open {
            if deal.current >= 0 { deal.stays[deal.current].left = time }
        } else {
            deal.closedBefore += time - deal.closed
        }
        deal.state = outcome
        deal.closed = time
        deal.closingOwner = deal.owner
        deal.reason = mark.first
    }
}

/// The marks of a history, one after the other.
struct FunnelMarks {
    struct Mark {
        /// Microseconds since the mark before.
        var since: Int64 = 0
        /// The first letter of its word: no two words have the same.
        var word: UInt8 = 0
        /// Where its texts stand, as escaped in JSON; empty if it has none.
        var first = 0..<0
        var second = 0..<0
    }

    private var index = 1

    /// The next mark; nil at the end, and where the text is no history.
    mutating func next(in text: Span<UInt8>) -> Mark? {
        guard take(UInt8(ascii: "["), text), let since = number(text), take(UInt8(ascii: ","), text),
            let word = string(text), !word.isEmpty
        else { return nil }
        var mark = Mark(since: since, word: text[word.lowerBound])
        if take(UInt8(ascii: ","), text) {
            guard let first = string(text) else { return nil }
            mark.first = first
            if take(UInt8(ascii: ","), text) {
                guard let second = string(text) else { return nil }
                mark.second = second
            }
        }
        guard take(UInt8(ascii: "]"), text) else { return nil }
        _ = take(UInt8(ascii: ","), text)
        return mark
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard index < text.count, text[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func number(_ text: Span<UInt8>) -> Int64? {
        let isNegative = take(UInt8(ascii: "-"), text)
        let start = index
        var value: Int64 = 0
        while index < text.count, case let digit = text[index] &- UInt8(ascii: "0"), digit < 10 {
            value = value &* 10 &+ Int64(digit)
            index += 1
        }
        return index == start ? nil : isNegative ? 0 &- value : value
    }

    /// Where the text between the next quotes stands.
    private mutating func string(_ text: Span<UInt8>) -> Range<Int>? {
        guard take(UInt8(ascii: "\""), text) else { return nil }
        let start = index
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return start..<index - 1
            }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}
