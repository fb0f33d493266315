public import Projection

/// Every built-in projector.
///
/// A new one is a new file under `Projectors/` and a line here.
public enum ProjectorCatalogue {
    /// The built-in projectors, in the order in which their tables are made.
    public static func projectors(_ configuration: CRMConfiguration) throws -> [any Projector] {
        [
            MergesProjector(),
            DefinitionsProjector(),
            try CustomersProjector(configuration: configuration),
            FunnelProjector(configuration: configuration),
            ServiceProjector(),
            CampaignsProjector(),
            TasksProjector(),
            try ChurnProjector(configuration: configuration),
        ]
    }
}
