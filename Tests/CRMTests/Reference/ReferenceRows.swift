import Projection

extension ReferenceRows {
    /// How the rows of all views differ from what is expected; empty if they do not.
    func differences(from views: FoldedViews) -> [String] {
        let rows = self
        var comparison = ViewComparison(views)
        comparison.compare("merges", key: ["subject"], expected: rows.merges())
        comparison.compare("customers", key: ["subject"], expected: rows.customers())
        comparison.compare("customer_event_counts", key: ["subject", "type"], expected: rows.eventCounts())
        comparison.compare("customer_field_history", key: ["subject", "sequence", "field"], expected: rows.changes())
        comparison.compare("customer_touches", key: ["subject", "channel"], expected: rows.touches())
        comparison.compare("customer_tags", key: ["subject", "tag"], expected: rows.tags())
        comparison.compare("customer_identities", key: ["subject", "kind", "value"], expected: rows.identities())
        comparison.compare("customer_consents", key: ["subject", "purpose", "channel"], expected: rows.consents())
        comparison.compare(
            "purchase_totals", key: ["subject", "currency"], expected: rows.totals(), decimals: ["total"])
        comparison.compare(
            "purchases", key: ["subject", "order_id", "currency"], expected: rows.orders(),
            decimals: ["gross", "refunded"])
        // Follow-ups that interactions ask for with `next` are the agenda's own idea.
        comparison.compare("tasks", key: ["subject", "task_id"], expected: rows.tasks()) { $0["kind"] == .text("task") }
        comparison.compare(
            "opportunities", key: ["subject", "opportunity_id"], expected: rows.opportunities(), decimals: ["amount"])
        comparison.compare(
            "opportunity_stages", key: ["subject", "opportunity_id", "ordinal"], expected: rows.stays())
        comparison.compare("leads", key: ["subject", "lead_id"], expected: rows.leads())
        comparison.compare("cases", key: ["subject", "family", "case_id"], expected: rows.cases())
        return comparison.differences
    }
}
