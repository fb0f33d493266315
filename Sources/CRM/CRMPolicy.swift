import EventLog
public import Projection

/// What the projection engine must know of the catalogue's meaning.
public enum CRMPolicy {
    /// Retractions, and what holds from the moment it is known.
    public static let fold = FoldPolicy(
        retractionType: "event.retracted",
        typesHeldByKnowledge: [
            "churn.model_published", "definition.published", "erasure.requested", "erasure.completed",
        ],
        systemTypes: [
            "campaign.defined", "churn.model_published", "definition.published", "import.completed", "import.undone",
        ],
        retractionTarget: { event in
            guard let target = event.data["event"], let source = target["source"]?.string,
                let id = target["id"]?.string
            else { return nil }
            return EventKey(source: source, id: id)
        })
}
