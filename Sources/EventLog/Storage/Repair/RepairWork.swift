import SystemPackage

/// Does what a survey has found to be possible.
struct RepairWork {
    let paths: LogPaths
    let files: any FileLayer
    let survey: RepairSurvey
    let now: Instant

    /// - Throws: what the disk says; every file is whole then, the old or the new.
    func run() throws -> RepairPlan {
        var plan = survey.plan
        let aside = AsideFolder(paths: paths, files: files)
        for segment in survey.segments { plan.aside.append(try replace(segment, aside).string) }
        for path in survey.runs { plan.aside.append(try aside.move(path).string) }
        if plan.steps.contains(where: { $0.structure == .head }) { try keepTail(aside, &plan) }
        return plan
    }

    /// Writes a segment anew, keeps the old file, and puts the new one in its place.
    ///
    /// A crash leaves the old file or the new one under the name. An active segment that gets a gap is closed; the next
    /// one is made before: a crash in between leaves a closed segment without a footer, which is mended like any other.
    private func replace(_ segment: RepairSurvey.Segment, _ aside: AsideFolder) throws -> FilePath {
        let old = segment.survey
        var rewrite = SegmentRewrite(
            paths: paths, files: files, survey: old, header: segment.header, accepting: segment.accepting, now: now,
            closes: segment.closes, earlier: survey.starts.filter { $0 < old.first },
            nextLineage: segment.nextLineage)
        try rewrite.write()
        let kept = try aside.keep(paths.segment(old.first))
        if old.isActive, segment.closes {
            // No segment is begun before the one before it is on disk.
            try old.file.sync()
            let header = SegmentHeader(
                identity: segment.header.identity, features: segment.header.features, firstSequence: old.end,
                lineage: rewrite.lastLineHash, recordedFloor: rewrite.lastRecorded)
            try SegmentWriter.makeSegment(header, paths: paths, files: files)
        }
        try files.rename(paths.temporarySegment(old.first), to: paths.segment(old.first))
        try files.syncDirectory(paths.directory)
        return kept
    }

    /// Without the head word a damaged last batch cannot be told from a torn one, which the next writer cuts: so the
    /// file is kept as it is.
    private func keepTail(_ aside: AsideFolder, _ plan: inout RepairPlan) throws {
        guard let last = survey.starts.last else { return }
        plan.aside.append(try aside.keep(paths.segment(last)).string)
    }
}
