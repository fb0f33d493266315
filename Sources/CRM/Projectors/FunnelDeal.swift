import EventLog
import Projection

/// One opportunity as its events tell it: its stays in stages and its closings.
///
/// At any moment it is either in exactly one stage, the running stay, or closed. So the stays' lengths and the closed
/// times add up to the time since it was opened. A stage that is reported while it is closed enters the history as a
/// stay of no length.
struct FunnelDeal: Sendable {
    enum State: String, Sendable { case open, won, lost }

    /// How a stay began.
    enum Entrance: String, Sendable { case opened, stage, moved, reopened, closed }

    /// How a stay ended; `closed` is the stay of no length in a stage reported while the opportunity was closed.
    enum Exit: String, Sendable { case stage, moved, won, lost, closed }

    /// A stay in a stage.
    struct Stay: Sendable {
        var pipeline: String
        var from: String?
        var stage: String
        var entrance: Entrance
        var entered: Moment
        var exit: Exit?
        var left: Moment?
        var amount: String?
        var currency: String?
        var owner: String?
    }

    /// A time of being won or lost.
    struct Closing: Sendable {
        var outcome: State
        var closed: Moment
        var ended: Moment?
        /// `open` if it was reopened, else the other outcome.
        var endedBy: State?
        var reason: String?
        var amount: String?
        var currency: String?
        var owner: String?
    }

    let id: String
    /// The first event that names it.
    let opened: Moment
    /// Whether it was opened by an event that says so, at any time.
    var hasOpening: Bool
    private(set) var pipeline: String
    private(set) var state = State.open
    private(set) var stays: [Stay] = []
    private(set) var closings: [Closing] = []
    /// The running stay, or when closed the one it was closed in.
    private var running = 0
    var lastSequence: UInt64
    /// The currency an opening named, for amounts that name none.
    private var openingCurrency: String?

    private(set) var name: String?
    private(set) var amount: String?
    private(set) var currency: String?
    private(set) var owner: String?
    private(set) var origin: String?
    private(set) var product: String?
    private(set) var contact: String?
    private(set) var lead: String?
    private(set) var expectedClose: String?
    /// All of its life that the funnel of a past moment needs.
    private(set) var history = FunnelHistory()

    init(id: String, at moment: Moment, pipeline: String, hasOpening: Bool) {
        self.id = id
        self.opened = moment
        self.pipeline = pipeline
        self.hasOpening = hasOpening
        self.lastSequence = moment.sequence
    }

    /// The stay it is in, or was in when it was closed.
    var stay: Stay? { running < stays.count ? stays[running] : nil }

    var wasEverWon: Bool { closings.contains { $0.outcome == .won } }

    /// Takes what an opening says; later word replaces earlier word, silence replaces nothing.
    mutating func describe(_ data: JSONView, at moment: Moment) {
        name = data.field("name") ?? name
        contact = data.field("contact") ?? contact
        lead = data.field("lead") ?? lead
        openingCurrency = data.field("currency") ?? openingCurrency
        assign(data.field("owner"), at: moment)
        Self.set(&origin, .from, data.field("origin"), at: moment, &history)
        Self.set(&product, .product, data.field("product"), at: moment, &history)
        Self.set(&expectedClose, .due, data.field("expected_close"), at: moment, &history)
    }

    /// Gives it to an owner; silence changes nothing.
    mutating func assign(_ name: String?, at moment: Moment) {
        Self.set(&owner, .owner, name, at: moment, &history)
    }

    mutating func take(_ stated: StatedAmount?, at moment: Moment) {
        guard let stated else { return }
        let currency = stated.currency ?? currency ?? openingCurrency
        if stated.amount == amount, currency == self.currency { return }
        amount = stated.amount
        self.currency = currency
        history.valued(stated.amount, currency, at: moment)
    }

    private static func set(
        _ field: inout String?, _ word: FunnelHistory.Field, _ value: String?, at moment: Moment,
        _ history: inout FunnelHistory
    ) {
        guard let value, value != field else { return }
        field = value
        history.set(word, value, at: moment)
    }

    /// The first stay.
    mutating func start(stage: String, at moment: Moment) {
        enter(stage, pipeline, .opened, at: moment)
    }

    /// Goes to another stage or pipeline; to where it is already, nothing happens.
    mutating func change(to stage: String?, pipeline target: String?, at moment: Moment) {
        let target = target ?? pipeline
        guard state == .open else { return enterWhileClosed(stage, target, at: moment) }
        let isMove = target != pipeline
        guard let stage = stage ?? (isMove ? FunnelPipelines.startStage(of: target) : nil) else { return }
        if !isMove, stay?.stage == stage { return }
        leave(isMove ? .moved : .stage, at: moment)
        pipeline = target
        enter(stage, target, isMove ? .moved : .stage, at: moment)
    }

    /// Wins or loses it; of two outcomes the later word holds.
    ///
    /// - Returns: `false` if it had that outcome already.
    mutating func close(_ outcome: State, reason: String?, at moment: Moment) -> Bool {
        if state == outcome {
            if let last = closings.indices.last, let reason, reason != closings[last].reason {
                closings[last].reason = reason
                history.set(.reason, reason, at: moment)
            }
            return false
        }
        if state == .open {
            leave(outcome == .won ? .won : .lost, at: moment)
        } else {
            endClosing(by: outcome, at: moment)
        }
        state = outcome
        closings.append(
            Closing(outcome: outcome, closed: moment, reason: reason, amount: amount, currency: currency, owner: owner))
        history.closed(outcome, reason: reason, at: moment)
        return true
    }

    /// Opens it again, in the stage before closing unless another is named.
    mutating func reopen(stage: String?, at moment: Moment) {
        guard state != .open else { return }
        endClosing(by: .open, at: moment)
        state = .open
        enter(stage ?? stay?.stage ?? FunnelPipelines.noStage, pipeline, .reopened, at: moment)
    }

    private mutating func endClosing(by state: State, at moment: Moment) {
        guard let last = closings.indices.last else { return }
        closings[last].ended = moment
        closings[last].endedBy = state
    }

    private mutating func leave(_ exit: Exit, at moment: Moment) {
        guard running < stays.count else { return }
        stays[running].left = moment
        stays[running].exit = exit
    }

    private mutating func enter(_ stage: String, _ pipeline: String, _ entrance: Entrance, at moment: Moment) {
        running = stays.count
        stays.append(
            Stay(
                pipeline: pipeline, from: stays.last?.stage, stage: stage, entrance: entrance, entered: moment,
                amount: amount, currency: currency, owner: owner))
        history.entered(stage, pipeline, at: moment)
    }

    private mutating func enterWhileClosed(
        _ stage: String?, _ target: String, at moment: Moment
    ) {
        let last = stays.last
        guard let stage = stage ?? (target != last?.pipeline ? FunnelPipelines.startStage(of: target) : nil) else {
            return
        }
        if last?.pipeline == target, last?.stage == stage { return }
        stays.append(
            Stay(
                pipeline: target, from: last?.stage, stage: stage, entrance: .closed, entered: moment, exit: .closed,
                left: moment, amount: amount, currency: currency, owner: owner))
        history.reported(stage, target, at: moment)
    }
}
