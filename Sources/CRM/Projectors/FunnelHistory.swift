import EventLog

/// The life of one opportunity as short text: what the funnel of any moment is worked out from.
///
/// It repeats what `opportunity_stages` and `opportunity_closings` hold, and adds what changed in between, in the order
/// of the fold. So the marks up to a moment are the opportunity as of that moment, and a question of the past needs
/// no replay; and a hundred thousand opportunities are a hundred thousand rows to read rather than half a million.
///
/// The text is a JSON array of marks. A mark is an array: microseconds since the mark before (of the first one since
/// 1970), a word, and texts. `FunnelHistoryReader` reads it.
///
///     ["in", stage, pipeline]   entered a stage; the pipeline is left out if it is that of the mark before
///     ["at", stage, pipeline]   the stage was reported while it was closed
///     ["won", reason]  ["lost", reason]   was closed; without the reason if none was given
///     ["reason", reason]        the reason of the closing in force is another one now
///     ["value", amount, currency]   is worth that; without the currency if none is known
///     ["owner", owner]  ["from", origin]  ["product", product]  ["due", expected_close]
struct FunnelHistory: Sendable {
    /// A word of one text.
    enum Field: String { case owner, from, product, due, reason }

    /// Room for an opening and a few stages, so that most histories are written in one piece of memory.
    private static let bytesReserved = 256

    private var bytes: [UInt8] = []
    private var last: Int64 = 0
    private var pipeline = ""

    init() {
        bytes.reserveCapacity(Self.bytesReserved)
        bytes.append(UInt8(ascii: "["))
    }

    /// The text, as a row holds it.
    var text: String { String(decoding: bytes, as: UTF8.self) + "]" }

    mutating func entered(_ stage: String, _ pipeline: String, at moment: Moment) {
        stay("in", stage, pipeline, at: moment)
    }

    mutating func reported(_ stage: String, _ pipeline: String, at moment: Moment) {
        stay("at", stage, pipeline, at: moment)
    }

    mutating func closed(_ outcome: FunnelDeal.State, reason: String?, at moment: Moment) {
        begin(outcome.rawValue, at: moment)
        if let reason { append(reason) }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func valued(_ amount: String, _ currency: String?, at moment: Moment) {
        begin("value", at: moment)
        append(amount)
        if let currency { append(currency) }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func set(_ field: Field, _ value: String, at moment: Moment) {
        begin(field.rawValue, at: moment)
        append(value)
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func stay(_ word: String, _ stage: String, _ pipeline: String, at moment: Moment) {
        begin(word, at: moment)
        append(stage)
        if pipeline != self.pipeline {
            append(pipeline)
            self.pipeline = pipeline
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes a mark up to its word; a time before the last one's, which no fold gives, would count as the same.
    private mutating func begin(_ word: String, at moment: Moment) {
        let isFirst = bytes.count == 1
        let time = isFirst ? moment.time.microseconds : max(moment.time.microseconds, last)
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "["))
        append(time &- last)
        last = time
        bytes.append(UInt8(ascii: ","))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: word.utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: String) {
        bytes.append(UInt8(ascii: ","))
        bytes.append(UInt8(ascii: "\""))
        JSONText.appendEscaped(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ number: Int64) {
        guard number != 0 else { return bytes.append(UInt8(ascii: "0")) }
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = number.magnitude
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }
}
