import SystemPackage

/// All that is wrong with a log, and what can be done about it.
struct RepairSurvey {
    /// A segment that is written anew.
    struct Segment {
        var survey: SegmentSurvey
        var header: SegmentHeader
        /// What of its gaps is accepted now.
        var accepting: [Range<UInt64>] = []
        var closes: Bool
        /// The hash that the next segment's header gives to its last line.
        var nextLineage: [UInt8]?
    }

    let paths: LogPaths
    let files: any FileLayer
    private(set) var plan = RepairPlan()
    private(set) var segments: [Segment] = []
    /// Index runs to move away; they are made anew after the segments.
    private(set) var runs: [FilePath] = []
    /// The segments' first sequences.
    let starts: [UInt64]
    /// The durable next sequence, as far as it is known.
    private(set) var head: UInt64
    private let identity: LogIdentity
    private var features: LogFeatures?
    private let accepting: Range<UInt64>?

    init(
        _ paths: LogPaths, _ files: any FileLayer, _ progress: @escaping (UInt64, UInt64) -> Bool,
        accepting: Range<UInt64>?
    ) throws {
        self.paths = paths
        self.files = files
        self.accepting = accepting
        starts = try SegmentList.read(paths.directory, files)
        guard let last = starts.last else { throw LogError.notALog(paths.directory) }
        let reader: LogReader?
        do throws(LogError) {
            reader = try Self.reader(paths, files)
        } catch {
            guard error.code == .damaged || error.code == .notALog else { throw error }
            reader = nil
        }
        var found: LogIdentity? = reader?.identity
        for start in starts where found == nil {
            found = try IdentityFinder.identity(in: files.open(paths.segment(start), .read))
        }
        guard let found else {
            throw LogError(
                code: .damaged, message: "neither a header nor a batch can be read; restore the log from a copy",
                path: paths.directory.string)
        }
        identity = found
        features = reader?.features
        let word = try? files.openHead(paths.head, creating: nil).sequence
        head = max(word ?? 0, last)
        let findings = try reader?.verify(deep: true, progress: progress)
        try surveySegments(findings)
        takeIndex(findings ?? [])
        try checkAccepting()
    }

    private static func reader(_ paths: LogPaths, _ files: any FileLayer) throws(LogError) -> LogReader {
        do {
            return try LogReader.open(paths.directory, files: files)
        } catch {
            throw error as? LogError ?? LogError(code: .damaged, message: "\(error)", path: paths.directory.string)
        }
    }

    // MARK: Segments

    /// Surveys every segment that `verify` found something in; all, if it could not begin.
    private mutating func surveySegments(_ findings: [Finding]?) throws {
        var before: SegmentSurvey?
        for (position, start) in starts.enumerated() {
            let path = paths.segment(start).string
            let named = findings?.filter { $0.path == path }
            if let named, named.isEmpty {
                before = nil
                continue
            }
            let suspects = Set((named ?? []).filter { $0.structure == .directory }.compactMap(\.offset))
            let next = position + 1 < starts.count ? starts[position + 1] : nil
            let survey = try SegmentSurvey(
                first: start, next: next, head: head, suspects: suspects,
                file: files.open(paths.segment(start), .read), identity: identity)
            try judge(survey, named, previous: position > 0 ? starts[position - 1] : nil, before, next)
            before = survey
        }
        for finding in findings ?? []
        where finding.structure == .segment
            && !starts.contains(where: { start in
                paths.segment(start).string == finding.path
            })
        {
            plan.unmendable.append(finding)
        }
    }

    private mutating func judge(
        _ survey: SegmentSurvey, _ named: [Finding]?, previous: UInt64?, _ before: SegmentSurvey?, _ next: UInt64?
    ) throws {
        guard let header = try header(of: survey, previous: previous, before) else { return }
        let path = survey.file.path.string
        var steps: [RepairPlan.Step] = []
        if survey.header == nil {
            steps.append(
                RepairPlan.Step(
                    path: path, offset: 0, structure: .header, sequences: survey.first..<survey.end,
                    action: "make the header anew from the file's name and what stands beside it"))
        }
        for batch in survey.mended {
            steps.append(
                RepairPlan.Step(
                    path: path, offset: batch.offset, structure: .directory,
                    sequences: batch.head.firstSequence..<batch.head.endSequence,
                    action: "derive the directory from the lines, which are whole"))
        }
        let accepted = survey.openGaps.filter(isAccepting)
        for gap in accepted {
            steps.append(
                RepairPlan.Step(
                    path: path, offset: gap.damageOffset, structure: gap.structure, sequences: gap.sequences,
                    action: "accept the gap: the bytes stay, and every read of these events says so"))
        }
        addUnmendable(survey, named)
        let mayClose = !survey.isActive || !accepted.isEmpty
        let isFooterWrong = survey.footer == nil || (named?.contains { $0.structure == .footer } ?? false)
        let allAccepted = survey.openGaps.count == accepted.count
        if !survey.isActive, isFooterWrong, survey.gaps.isEmpty || survey.footer == nil, allAccepted {
            steps.append(
                RepairPlan.Step(
                    path: path, offset: survey.endOffset, structure: .footer,
                    action: "derive the footer from the segment's lines"))
        }
        guard !steps.isEmpty else { return }
        plan.steps += steps
        let nextLineage = try next.flatMap { try lineage($0) }
        segments.append(
            Segment(
                survey: survey, header: header, accepting: accepted.map(\.sequences),
                closes: mayClose && (allAccepted || survey.footer != nil), nextLineage: nextLineage))
    }

    private func isAccepting(_ gap: SegmentSurvey.Gap) -> Bool {
        accepting.map { gap.sequences.clamped(to: $0) == gap.sequences } ?? false
    }

    private mutating func addUnmendable(_ survey: SegmentSurvey, _ named: [Finding]?) {
        let path = survey.file.path.string
        for gap in survey.openGaps where !isAccepting(gap) {
            plan.unmendable.append(
                Finding(
                    path: path, offset: gap.damageOffset, structure: gap.structure, sequences: gap.sequences,
                    message: "the lines are damaged"))
        }
        for finding in named ?? [] where finding.structure == .line { plan.unmendable.append(finding) }
    }

    /// The header, as it is or derived; nil if nothing tells it.
    private mutating func header(
        of survey: SegmentSurvey, previous: UInt64?, _ before: SegmentSurvey?
    ) throws -> SegmentHeader? {
        if let header = survey.header { return header }
        let mending = HeaderMending(
            identity: identity, features: try features ?? neighbourFeatures(),
            before: try previous.flatMap { try end(of: $0, before, survey.first) })
        let bytes = try survey.file.readBytes(at: 0, count: SegmentHeader.frameBytes)
        if let header = mending.header(first: survey.first, bytes) { return header }
        plan.unmendable.append(
            Finding(
                path: survey.file.path.string, offset: 0, structure: .header, sequences: survey.first..<survey.end,
                message: "the header is damaged, and what it said is written nowhere else"))
        return nil
    }

    private func neighbourFeatures() throws -> LogFeatures? {
        for start in starts {
            if let file = try? files.open(paths.segment(start), .read),
                let header = try? SegmentHeader.read(file, expecting: start)
            {
                return header.features
            }
        }
        return nil
    }

    /// What a segment says of its last line, if it ends where the next one starts.
    private func end(
        of start: UInt64, _ survey: SegmentSurvey?, _ next: UInt64
    ) throws -> (lineage: [UInt8], recorded: Instant)? {
        if let survey, survey.first == start, survey.end == next, let hash = survey.lastLineHash,
            let recorded = survey.lastRecorded
        {
            return (hash, recorded)
        }
        let file = try files.open(paths.segment(start), .read)
        guard let footer = try SegmentFooter.read(file, logID: identity.bytes), footer.endSequence == next else {
            return nil
        }
        return (footer.lastLineHash, footer.times.maxRecorded)
    }

    private func lineage(_ start: UInt64) throws -> [UInt8]? {
        try? SegmentHeader.read(files.open(paths.segment(start), .read), expecting: start).lineage
    }

    // MARK: The rest

    private mutating func takeIndex(_ findings: [Finding]) {
        for finding in findings where finding.structure == .index {
            let path = FilePath(finding.path)
            // What is said of the folder as a whole can be any of its files.
            if path == paths.index {
                let names = (try? files.list(paths.index)) ?? []
                runs += names.filter { RunHeader.range(ofName: $0) != nil }.map { paths.index.appending($0) }
            } else {
                runs.append(path)
            }
        }
        runs = Array(Set(runs)).sorted { $0.string < $1.string }
        for path in runs {
            plan.steps.append(
                RepairPlan.Step(path: path.string, structure: .index, action: "make the index run anew from the lines"))
        }
        for finding in findings where finding.structure == .head {
            plan.steps.append(
                RepairPlan.Step(
                    path: finding.path, structure: .head, action: "set the word to what the segments tell"))
        }
    }

    /// What is to be accepted must be just what cannot be read: no event more, and none less of what is torn together.
    private func checkAccepting() throws(LogError) {
        guard let accepting else { return }
        let accepted = segments.flatMap(\.accepting).sorted { $0.lowerBound < $1.lowerBound }
        var next = accepting.lowerBound
        for range in accepted where range.lowerBound == next { next = range.upperBound }
        guard next == accepting.upperBound, !accepting.isEmpty else {
            let gaps = (plan.gaps + accepted).sorted { $0.lowerBound < $1.lowerBound }
            let choices = gaps.map { "\($0.lowerBound)..\($0.upperBound - 1)" }
            throw LogError(
                code: .notAGap,
                message: "events \(accepting.lowerBound) to \(accepting.upperBound - 1) are not what cannot be read; "
                    + (choices.isEmpty ? "every event can be read" : "give \(choices.joined(separator: ", or "))"),
                path: paths.directory.string)
        }
    }
}
