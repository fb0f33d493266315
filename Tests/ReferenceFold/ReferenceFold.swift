/// Every view of a log, computed from the meaning of the events in the plainest way.
///
/// The whole log is in memory, every question is one pass, nothing is kept from one question to the next. It shares no
/// code with the projectors, so that the two can be wrong only independently.
package struct ReferenceFold: Sendable {
    package var known: KnownEvents
    package var merges: ReferenceMerges
    package var customers: [String: ReferenceCustomer] = [:]
    package var groups: [String: ReferenceGroup] = [:]
    /// By subject and id.
    package var opportunities: [String: [String: ReferenceOpportunity]] = [:]
    package var leads: [String: [String: ReferenceLead]] = [:]
    /// By family, subject and id.
    package var cases: [String: [String: [String: ReferenceCase]]] = [:]
    package var tasks: [String: [String: ReferenceTask]] = [:]
    package var campaigns: [String: ReferenceCampaign] = [:]

    /// Folds the known events.
    ///
    /// - Parameters:
    ///   - events: the log's events in any order.
    ///   - limit: how many of the log's first events are known; nil: all.
    ///   - asOf: only what had happened by then, in microseconds.
    ///   - zone: the zone of the calendar days.
    package init(_ events: [ReferenceEvent], limit: UInt64? = nil, asOf: Int64? = nil, zone: String = "UTC") {
        let calendar = ReferenceCalendar(zone: zone)
        known = KnownEvents(events, limit: limit, asOf: asOf)
        merges = ReferenceMerges(known)
        for (subject, events) in known.bySubject {
            customers[subject] = ReferenceCustomer(events, calendar: calendar)
            opportunities[subject] = ReferenceOpportunity.all(events)
            leads[subject] = ReferenceLead.all(events)
            tasks[subject] = ReferenceTask.all(events)
            for family in ["complaint", "ticket"] {
                cases[family, default: [:]][subject] = ReferenceCase.all(events, family: family)
            }
        }
        for (survivor, subjects) in merges.groups(of: customers.keys) {
            var members: [String: ReferenceCustomer] = [:]
            for subject in subjects { members[subject] = customers[subject] }
            groups[survivor] = ReferenceGroup(survivor: survivor, members: members)
        }
        campaigns = ReferenceCampaign.all(known, merges)
    }

    /// The funnel of one pipeline.
    package func funnel(_ pipeline: String) -> ReferenceFunnel {
        ReferenceFunnel(pipeline, opportunities.values.flatMap(\.values))
    }

    /// The counts of one family, `complaint` or `ticket`.
    package func service(_ family: String) -> ReferenceServiceSummary {
        ReferenceServiceSummary((cases[family] ?? [:]).values.flatMap(\.values))
    }

    /// Repeat-purchase figures per customer as of a day; customers that never bought are left out.
    package func recency(day: Int) -> [String: ReferenceRecency] {
        groups.compactMapValues { ReferenceRecency(days: $0.purchaseDays, day: day) }
    }
}
