extension AnswerContext {
    /// The last known event's sequence, as `--at` takes it and every answer prints it; `nil` for an empty log.
    public var lastSequence: UInt64? { at == 0 ? nil : at - 1 }
}
