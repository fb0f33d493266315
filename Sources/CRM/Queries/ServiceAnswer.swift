/// Complaints and tickets, and what surveys say.
public struct ServiceAnswer: Encodable, Sendable {
    /// The figures of a set of cases; every count is of distinct cases.
    public struct Figures: Encodable, Sendable, Equatable {
        /// All there are.
        public var opened: Int
        /// Neither resolved nor closed now.
        public var open: Int
        /// Resolved at least once, whatever came later.
        public var resolved: Int
        /// Closed now.
        public var closed: Int
        /// Opened again at least once.
        public var reopened: Int
        /// Of those that were ever resolved or closed, the share that was opened again; `nil` if there is none.
        public var reopenRate: Double?
        /// Escalated at least once.
        public var escalated: Int
        /// From opening to the first response, of those that had one.
        public var firstResponse: DurationFigures
        /// From opening to the resolution in force, of those that are not open.
        public var resolution: DurationFigures
        /// From opening to now, of those that are open.
        public var openAge: DurationFigures
        /// The open ones by age, the youngest first; their counts add up to `open`.
        public var openByAge: [ServiceAge]

        enum CodingKeys: String, CodingKey {
            case opened, open, resolved, closed, reopened, escalated, resolution
            case reopenRate = "reopen_rate"
            case firstResponse = "first_response"
            case openAge = "open_age"
            case openByAge = "open_by_age"
        }

        /// Encodes every key, null where there is nothing.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(opened, forKey: .opened)
            try container.encode(open, forKey: .open)
            try container.encode(resolved, forKey: .resolved)
            try container.encode(closed, forKey: .closed)
            try container.encode(reopened, forKey: .reopened)
            try container.encode(reopenRate, forKey: .reopenRate)
            try container.encode(escalated, forKey: .escalated)
            try container.encode(firstResponse, forKey: .firstResponse)
            try container.encode(resolution, forKey: .resolution)
            try container.encode(openAge, forKey: .openAge)
            try container.encode(openByAge, forKey: .openByAge)
        }
    }

    /// The figures of one category, agent or severity.
    public struct Group: Encodable, Sendable, Equatable {
        /// The category, agent or severity; `(none)` if the cases name none.
        public var name: String
        /// The figures.
        public var figures: Figures

        enum CodingKeys: String, CodingKey { case name }

        /// Encodes the figures beside the name.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try figures.encode(to: encoder)
        }
    }

    /// The cases of one family.
    public struct Family: Encodable, Sendable, Equatable {
        /// All of them.
        public var figures: Figures
        /// The same per category, the largest first.
        public var byCategory: [Group]
        /// The same per agent: the last one assigned, else the first who acted.
        public var byAgent: [Group]
        /// The same per severity.
        public var bySeverity: [Group]

        enum CodingKeys: String, CodingKey {
            case byCategory = "by_category"
            case byAgent = "by_agent"
            case bySeverity = "by_severity"
        }

        /// Encodes the figures beside the groups.
        public func encode(to encoder: any Encoder) throws {
            try figures.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(byCategory, forKey: .byCategory)
            try container.encode(byAgent, forKey: .byAgent)
            try container.encode(bySeverity, forKey: .bySeverity)
        }
    }

    /// The sequence of the last event that is known here.
    public var at: UInt64?
    /// The moment the answer is for.
    public var now: String
    /// Complaints.
    public var complaints: Family
    /// Tickets.
    public var tickets: Family
    /// Surveys.
    public var surveys: SatisfactionAnswer

    /// The families have their names of the catalogue.
    enum CodingKeys: String, CodingKey {
        case at, now, surveys
        case complaints = "complaint"
        case tickets = "ticket"
    }
}

/// The part of a customer's answer that tells of complaints, tickets and surveys.
public struct CustomerService: Encodable, Sendable {
    /// Distinct cases of one family.
    public struct Counts: Encodable, Sendable, Equatable {
        /// All there are.
        public var opened = 0
        /// Neither resolved nor closed now.
        public var open = 0
        /// Resolved at least once.
        public var resolved = 0
        /// Opened again at least once.
        public var reopened = 0
    }

    /// A complaint or ticket as it stands.
    public struct Case: Encodable, Sendable, Equatable {
        /// `complaint` or `ticket`.
        public var family: String
        /// The case.
        public var id: String
        /// The subject it was sent under.
        public var subject: String
        /// `open`, `assigned`, `waiting`, `escalated`, `resolved` or `closed`.
        public var state: String
        /// How bad.
        public var severity: String?
        /// What about.
        public var category: String?
        /// Whose it is.
        public var agent: String?
        /// When it was opened.
        public var opened: String
        /// When it was first responded to.
        public var firstResponse: String?
        /// When it was resolved; `nil` while open.
        public var resolved: String?
        /// How often it was opened again.
        public var reopened: Int

        enum CodingKeys: String, CodingKey {
            case family, id, subject, state, severity, category, agent, opened, resolved, reopened
            case firstResponse = "first_response"
        }
    }

    /// A survey that was answered.
    public struct Answer: Encodable, Sendable, Equatable {
        /// The survey.
        public var survey: String
        /// When.
        public var answered: String
        /// Decimal score.
        public var score: String?
        /// Least score of the scale.
        public var scaleMin: String?
        /// Best score of the scale.
        public var scaleMax: String?
        /// What about.
        public var about: String?

        enum CodingKeys: String, CodingKey {
            case survey, answered, score, about
            case scaleMin = "scale_min"
            case scaleMax = "scale_max"
        }
    }

    /// Complaints.
    public var complaints: Counts
    /// Tickets.
    public var tickets: Counts
    /// The cases, open ones first, then the newest first.
    public var cases: [Case]
    /// The answered surveys, the newest first.
    public var surveys: [Answer]

    enum CodingKeys: String, CodingKey {
        case cases, surveys
        case complaints = "complaint"
        case tickets = "ticket"
    }
}
