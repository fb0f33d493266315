import CRM
import ReferenceFold

/// A year of some forty customers with merges that are all taken back, as lines to append.
///
/// Once with the merges, once with events in their places that mean nothing, so that every other event has the same
/// sequence in both. A merge comes before its taking back in time as well, since pointers hold in the order of time.
struct MergeHistory {
    private(set) var merged: [String] = []
    private(set) var plain: [String] = []
    /// The customers that events may name.
    let subjects: [String]

    private var random: ReferenceRandom
    private var pointers: [String: String] = [:]
    private var minute = 0
    private let minutesPerEvent: Int
    private var count = 0

    /// A history with this many pairs of a merge and its taking back.
    init(pairs: Int, seed: UInt64) {
        random = ReferenceRandom(seed: seed)
        subjects = (10..<50).map { "C-\($0)" }
        minutesPerEvent = max(1, 360 * 1440 / (pairs * 4 + 200))
        for subject in subjects { add("customer.registered", subject, #"{"name":"N \#(subject)","tier":"gold"}"#) }
        var begun = 0
        while begun < pairs {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                if merge() { begun += 1 }
            case 1: unmerge()
            default: live()
            }
        }
        while !pointers.isEmpty { unmerge() }
    }

    private mutating func add(
        _ type: String, _ subject: String, _ data: String, plainType: String? = nil, late: Int = 0
    ) {
        minute += Int.random(in: 0...minutesPerEvent, using: &random)
        count += 1
        let at = max(0, minute - late)
        let day = DayCalendar.text(of: DayCalendar.number(year: 2025, month: 1, day: 1) + at / 1440)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = "\(day)T\(two(at % 1440 / 60)):\(two(at % 60)):00Z"
        func line(_ type: String) -> String {
            #"{"id":"\#(count)","source":"/t","type":"\#(type)","subject":"\#(subject)","time":"\#(time)","#
                + #""data":\#(data)}"#
        }
        merged.append(line(type))
        plain.append(line(plainType ?? type))
    }

    private mutating func merge() -> Bool {
        let subject = random.pick(subjects)
        let into = random.pick(subjects)
        guard pointers[subject] == nil else { return false }
        var end = into
        while let next = pointers[end] { end = next }
        guard end != subject else { return false }
        pointers[subject] = into
        add("customer.merged", subject, #"{"into":"\#(into)"}"#, plainType: "x.merged")
        return true
    }

    private mutating func unmerge() {
        guard let subject = pointers.keys.sorted().randomElement(using: &random) else { return }
        pointers[subject] = nil
        add("customer.unmerged", subject, "{}", plainType: "x.unmerged")
    }

    /// Something else that happens to somebody, now and then told of late.
    private mutating func live() {
        let subject = random.pick(subjects)
        let id = Int.random(in: 0..<6, using: &random)
        let amount = "\(Int.random(in: 1...500, using: &random)).50"
        let late = random.oneIn(5) ? Int.random(in: 0..<40_000, using: &random) : 0
        let (type, data) = random.pick([
            ("purchase.completed", #"{"order":"\#(subject)-\#(count)","amount":"\#(amount)","currency":"CNY"}"#),
            ("purchase.completed", #"{"order":"\#(subject)-\#(count)","amount":"\#(amount)","currency":"USD"}"#),
            ("purchase.refunded", #"{"order":"\#(subject)-\#(max(0, count - id))","amount":"1.00"}"#),
            ("complaint.opened", #"{"complaint":"\#(subject)-K\#(id)","severity":"high"}"#),
            ("complaint.resolved", #"{"complaint":"\#(subject)-K\#(id)"}"#),
            ("opportunity.opened", #"{"opportunity":"\#(subject)-O\#(id)","stage":"a","owner":"z"}"#),
            ("opportunity.stage_changed", #"{"opportunity":"\#(subject)-O\#(id)","to":"b"}"#),
            ("opportunity.won", #"{"opportunity":"\#(subject)-O\#(id)","amount":"\#(amount)","currency":"CNY"}"#),
            ("call.completed", #"{"direction":"inbound","next":"2025-12-01T00:00:00Z"}"#),
            ("customer.updated", #"{"set":{"owner":"o\#(id)","phone":"1380013800\#(id)"}}"#),
            ("identity.linked", #"{"kind":"wechat","value":"w\#(id)"}"#),
            ("customer.tagged", #"{"tag":"t\#(id)"}"#), ("points.earned", #"{"points":\#(id)}"#),
            ("consent.withdrawn", #"{"purpose":"marketing"}"#), ("campaign.clicked", #"{"campaign":"spring"}"#),
            ("survey.answered", #"{"survey":"\#(subject)-S\#(id)","score":\#(id),"scale_max":5}"#),
            ("lead.captured", #"{"lead":"\#(subject)-L\#(id)"}"#),
            ("contract.signed", #"{"contract":"\#(subject)-X\#(id)","ends":"2025-06-30"}"#),
        ])
        add(type, subject, data, late: late)
    }
}
