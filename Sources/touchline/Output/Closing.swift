import EventLog

extension LocalSequencer {
    /// Lets go of the log after the work is done, and says what went wrong behind the scenes: none of it loses events.
    func finish() async {
        await close(finishRepacking: true)
        for problem in backgroundProblems { StandardError.write("note: \(problem)\n") }
    }
}
