public import SystemPackage

/// Mends what can be derived from lines and from what stands beside it; never touches a line.
///
/// Index runs, footers, headers, directories and the head word are derived. A segment is written anew beside the old
/// file, read back and compared, the old file is copied to `log/aside/`, and only then is the new one renamed over it:
/// whatever interrupts it, every event is where it was, and the repair is done again. What is not whole it names.
public struct LogRepair {
    private let directory: FilePath
    private let files: any FileLayer
    private let options: LogOptions
    private let progress: (UInt64, UInt64) -> Bool
    private var paths: LogPaths { LogPaths(directory: directory) }

    /// A repair of the log in a folder; nothing is done yet.
    ///
    /// - Parameter progress: called now and then with the events looked at and their total; false stops, and nothing
    ///   that was not yet done is done.
    public init(
        _ directory: FilePath, options: LogOptions = LogOptions(),
        progress: @escaping (_ done: UInt64, _ total: UInt64) -> Bool = { _, _ in true }
    ) {
        self.init(directory, options: options, files: SystemFiles(), progress: progress)
    }

    package init(
        _ directory: FilePath, options: LogOptions, files: any FileLayer,
        progress: @escaping (UInt64, UInt64) -> Bool = { _, _ in true }
    ) {
        self.directory = directory
        self.options = options
        self.files = files
        self.progress = progress
    }

    /// What a repair would do; changes nothing, and may run beside a writer.
    ///
    /// - Parameter accepting: the events to give up; they must be just what cannot be read.
    /// - Throws: `LogError`; `CancellationError` if `progress` stopped it.
    public func plan(accepting: Range<UInt64>? = nil) throws -> RepairPlan {
        try plainly { try RepairSurvey(paths, files, progress, accepting: accepting).plan }
    }

    /// Repairs.
    ///
    /// - Parameters:
    ///   - accepting: the events to give up; they must be just what cannot be read.
    ///   - now: what is recorded as the moment of acceptance.
    /// - Throws: `LogError`: `locked` while another process writes the log.
    public func run(accepting: Range<UInt64>? = nil, now: Instant) throws -> RepairPlan {
        try plainly {
            let lock = try WriterLock.take(paths, files)
            var plan: RepairPlan
            var head: UInt64
            do {
                defer { lock.release() }
                let survey = try RepairSurvey(paths, files, progress, accepting: accepting)
                head = survey.head
                plan = try RepairWork(paths: paths, files: files, survey: survey, now: now).run()
            }
            if !plan.steps.isEmpty { try settle(head, plan) }
            try check(&plan)
            return plan
        }
    }

    /// The index, the head word, and what else the next writer would settle.
    private func settle(_ head: UInt64, _ plan: RepairPlan) throws {
        // With rot left in the active segment a writer changes nothing there; the index is made all the same.
        let opened = try LogOpening(paths: paths, files: files, options: options).open()
        defer { opened.lock.release() }
        for events in opened.unindexed {
            do throws(IndexError) {
                try opened.index.addRun(
                    from: events.firstSequence, to: events.endSequence, ids: events.idEntries,
                    subjects: events.subjectEntries)
            } catch {
                throw LogError(error)
            }
        }
    }

    /// After a repair all is sound but for what was said to be beyond mending.
    private func check(_ plan: inout RepairPlan) throws {
        let known = plan.unmendable
        guard !plan.steps.isEmpty else { return }
        plan.left = try LogReader.open(directory, files: files).verify(deep: true, progress: progress).filter {
            finding in
            !known.contains { $0.path == finding.path && ($0.sequences == finding.sequences || finding.isDerived) }
        }
    }

    private func plainly<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as FileError {
            throw LogError(error)
        } catch let error as IndexError {
            throw LogError(error)
        }
    }
}
