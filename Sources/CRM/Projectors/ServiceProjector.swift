public import EventLog
public import Projection

/// Complaints and tickets with their history, and surveys.
///
/// Complaints and tickets are two families of cases under the same rules. A first response is the earliest
/// `.responded`, or the earliest outbound interaction of the same subject that names the case, once the case exists. A
/// case that is assigned, waits or is escalated after it was resolved or closed is open again. Ages and open times
/// depend on now and are left to the query.
public struct ServiceProjector: Projector {
    /// The projector.
    public init() {}

    /// `service`.
    public let name = "service"
    /// The version of its meaning.
    public let version = 1
    /// Complaints, tickets, surveys, and the interactions that may be responses.
    public let consumes = [
        "complaint.*", "ticket.*", "survey.*", "call.completed", "message.sent",
    ]
    /// `cases`, `case_history`, `surveys`.
    public var tables: [TableDefinition] { ServiceTables.all }
    /// Each table with the surviving customer.
    public var views: [ViewDefinition] { ServiceTables.all.map(customerView) }
    /// Ids under two subjects.
    public var crossChecks: [CrossCheck] { ServiceTables.crossChecks }

    /// Nothing yet.
    public func makeState(subject: String?) -> ServiceState { ServiceState(subject: subject) }

    /// Applies one event of a case or a survey, or an interaction that may be a response.
    public func apply(_ event: StoredEvent, to state: inout ServiceState, anomalies: inout AnomalyCollector) {
        guard state.subject != nil else {
            return anomalies.report(event, "no_subject", "\(event.type) without a subject belongs to no one")
        }
        switch event.type {
        case "call.completed":
            if event.data["direction"]?.text == "outbound" { contact(event, &state, &anomalies) }
        case "message.sent":
            contact(event, &state, &anomalies)
        case "survey.sent", "survey.answered":
            survey(event, &state, &anomalies)
        default:
            guard let (family, step) = ServiceProjector.step(of: event.type) else { return }
            take(event, family, step, &state, &anomalies)
        }
    }

    /// Writes every table's rows.
    public func emit(_ state: ServiceState, into rows: inout RowCollector) {
        guard let subject = state.subject else { return }
        ServiceRows(subject: .text(subject)).emit(state, into: &rows)
    }

    private static func step(of type: String) -> (ServiceCase.Family, ServiceCase.Step)? {
        let family: ServiceCase.Family
        let rest: Substring
        if type.hasPrefix("complaint.") {
            (family, rest) = (.complaint, type.dropFirst(10))
        } else if type.hasPrefix("ticket.") {
            (family, rest) = (.ticket, type.dropFirst(7))
        } else {
            return nil
        }
        guard let step = ServiceCase.Step(rawValue: String(rest)), step != .contacted else { return nil }
        return (family, step)
    }

    private func take(
        _ event: StoredEvent, _ family: ServiceCase.Family, _ step: ServiceCase.Step, _ state: inout ServiceState,
        _ anomalies: inout AnomalyCollector
    ) {
        let data = event.data
        guard let id = data.field(family.rawValue) else {
            return anomalies.report(event, "missing_field", "\(event.type) names no \"\(family.rawValue)\"")
        }
        let moment = Moment(event)
        let index: Int
        if let known = state.index(family, id) {
            index = known
            if step == .opened {
                let kind = state.cases[index].hasOpening ? "opened_twice" : "opened_late"
                let first = state.cases[index].opened.sequence
                anomalies.report(event, kind, "\(family.rawValue) \(id) exists since event \(first)")
                state.cases[index].hasOpening = true
            }
        } else {
            if step != .opened {
                anomalies.report(
                    event, "not_opened", "\(family.rawValue) \(id) is named by \(event.type) before it was opened")
            }
            index = state.add(ServiceCase(family: family, id: id, at: moment, hasOpening: step == .opened))
        }
        state.cases[index].describe(data)
        let oddity = state.cases[index].apply(
            step, agent: data.field("agent"), reason: data.field("reason"), at: moment)
        if let oddity {
            let standing = state.cases[index].state.rawValue
            anomalies.report(event, oddity, "\(event.type): \(family.rawValue) \(id) is \(standing)")
        }
    }

    /// An outbound interaction: a response, if it names a case that exists by then.
    private func contact(_ event: StoredEvent, _ state: inout ServiceState, _ anomalies: inout AnomalyCollector) {
        let data = event.data
        for family in ServiceCase.Family.allCases {
            guard let id = data.field(family.rawValue) else { continue }
            guard let index = state.index(family, id) else {
                anomalies.report(
                    event, "unknown_case", "\(event.type) names \(family.rawValue) \(id), which does not exist by then")
                continue
            }
            _ = state.cases[index].apply(.contacted, agent: data.field("agent"), reason: nil, at: Moment(event))
        }
    }

    private func survey(_ event: StoredEvent, _ state: inout ServiceState, _ anomalies: inout AnomalyCollector) {
        let data = event.data
        guard let id = data.field("survey") else {
            return anomalies.report(event, "missing_field", "\(event.type) names no \"survey\"")
        }
        let index = state.surveyIndex[id] ?? state.add(ServiceSurvey(id: id, at: Moment(event)))
        state.surveys[index].lastSequence = event.sequence
        state.surveys[index].about = data.field("about") ?? state.surveys[index].about
        state.surveys[index].channel = data.field("channel") ?? state.surveys[index].channel
        if event.type == "survey.sent" {
            state.surveys[index].sent = state.surveys[index].sent ?? Moment(event)
        } else {
            answer(event, data, &state.surveys[index], &anomalies)
        }
    }

    private func answer(
        _ event: StoredEvent, _ data: JSONView, _ survey: inout ServiceSurvey, _ anomalies: inout AnomalyCollector
    ) {
        if survey.answers > 0 {
            anomalies.report(event, "answered_twice", "survey \(survey.id) was answered before; the later word counts")
        }
        survey.answers += 1
        survey.answered = Moment(event)
        survey.agent = data.field("agent") ?? survey.agent
        let score = data["score"].flatMap { DecimalAmount($0) }
        if score == nil {
            anomalies.report(event, "bad_score", "survey \(survey.id) is answered without a decimal \"score\"")
        }
        let least = data["scale_min"].flatMap { DecimalAmount($0) }
        let most = data["scale_max"].flatMap { DecimalAmount($0) }
        if let score, least.map({ score < $0 }) == true || most.map({ score > $0 }) == true {
            anomalies.report(event, "score_outside_scale", "survey \(survey.id) has score \(score), outside its scale")
        }
        survey.score = score?.description
        survey.scaleMin = least?.description
        survey.scaleMax = most?.description
    }
}

/// What the service view holds of one subject.
public struct ServiceState: Sendable {
    private struct CaseKey: Hashable, Sendable {
        var family: ServiceCase.Family
        var id: String
    }

    let subject: String?
    private var caseIndex = KeyIndex<CaseKey>()
    var cases: [ServiceCase] = []
    private(set) var surveyIndex = KeyIndex<String>()
    var surveys: [ServiceSurvey] = []

    init(subject: String?) {
        self.subject = subject
    }

    func index(_ family: ServiceCase.Family, _ id: String) -> Int? {
        caseIndex[CaseKey(family: family, id: id)]
    }

    mutating func add(_ new: ServiceCase) -> Int {
        caseIndex.append(CaseKey(family: new.family, id: new.id))
        cases.append(new)
        return cases.count - 1
    }

    mutating func add(_ survey: ServiceSurvey) -> Int {
        surveyIndex.append(survey.id)
        surveys.append(survey)
        return surveys.count - 1
    }
}
