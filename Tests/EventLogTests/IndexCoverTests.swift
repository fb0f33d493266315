import Testing

@testable import EventLog

@Suite struct IndexCoverTests {
    @Test func theWidestRunsAreUsed() {
        let cover = RunCover([0..<10, 10..<20, 20..<30, 0..<20], firstSequence: 0)
        #expect(cover.active == [0..<20, 20..<30])
        #expect(cover.detached.isEmpty)
        #expect(cover.coveredTo == 30)
        #expect(cover.covers(0..<10))
        #expect(cover.covers(5..<30))
        #expect(!cover.covers(25..<31))
    }

    @Test func runsPastAHoleAreKeptAside() {
        let cover = RunCover([0..<10, 20..<30, 30..<40, 50..<60], firstSequence: 0)
        #expect(cover.active == [0..<10])
        #expect(cover.detached == [20..<30, 30..<40, 50..<60])
        #expect(cover.coveredTo == 10)
        #expect(cover.missing(upTo: 70) == [10..<20, 40..<50, 60..<70])
        #expect(cover.missing(upTo: 45) == [10..<20, 40..<45])
        #expect(cover.missing(upTo: 15) == [10..<15])
        #expect(cover.missing(upTo: 10).isEmpty)
    }

    @Test func aLogMayStartLater() {
        #expect(RunCover([], firstSequence: 100).coveredTo == 100)
        #expect(RunCover([], firstSequence: 100).missing(upTo: 150) == [100..<150])
        let archived = RunCover([0..<60, 60..<120, 130..<140], firstSequence: 100)
        #expect(archived.active == [0..<60, 60..<120])
        #expect(archived.coveredTo == 120)
        let holed = RunCover([0..<60, 80..<90], firstSequence: 100)
        #expect(holed.active == [0..<60, 80..<90])
        #expect(holed.coveredTo == 100)
    }

    @Test func overlapsAreCovered() {
        var random = IndexTestRandom(5)
        for _ in 0..<2000 {
            let ranges = (0..<Int(random.next() % 9)).map { _ in
                let from = random.next() % 50
                return from..<(from + 1 + random.next() % 20)
            }
            let first = random.next() % 20
            let cover = RunCover(ranges, firstSequence: first)
            let all = Set(ranges.flatMap { Array($0) })
            let used = Set((cover.active + cover.detached).flatMap { Array($0) })
            #expect(all == used)
            #expect(cover.active.allSatisfy { $0.lowerBound <= max(first, cover.coveredTo) })
            #expect((first..<cover.coveredTo).allSatisfy(all.contains))
            #expect(!all.contains(cover.coveredTo))
            #expect(Set(cover.missing(upTo: 80).flatMap { Array($0) }) == Set(cover.coveredTo..<80).subtracting(all))
            #expect(ranges.allSatisfy { cover.covers($0) })
        }
    }

    @Test func mergingKeepsRunsFewAndRewritesRarely() {
        var random = IndexTestRandom(6)
        for pattern in 0..<4 {
            var sizes: [Int] = []
            var added = 0
            var written = 0
            for step in 0..<5000 {
                let size =
                    switch pattern {
                    case 0: 1000
                    case 1: 1 + Int(random.next() % 1000)
                    case 2: step % 7 == 0 ? 5000 : 10
                    default: 1 << Int(random.next() % 12)
                    }
                sizes.append(size)
                added += size
                while let choice = RunMerge.choice(sizes: sizes) {
                    let total = sizes[choice].reduce(0, +)
                    #expect(choice.count >= RunMerge.runsMin && choice.count <= RunMerge.runsMax)
                    written += total
                    sizes.replaceSubrange(choice, with: [total])
                }
                #expect(sizes.count < 64)
            }
            #expect(written < added * 10, "pattern \(pattern): \(written) for \(added)")
        }
    }
}
