import EventLog
import Testing
import TouchlineService

@Suite struct EventStreamTests {
    @Test("However the bytes come in pieces, every line is one event", arguments: [1, 7, 100, 100_000])
    func pieces(_ size: Int) async throws {
        let folder = try Folder()
        let lines = (0..<50).map { customerLine($0, "C-\($0 % 7)", #"{"note":"客户\#($0)"}"#) }
        let accepted = try await folder.append(lines + ["", "  "], pieces: size)
        #expect(accepted.map(\.line) == Array(1...50))
        #expect(accepted.map(\.acknowledgement.sequence) == Array(0..<50))
        let again = try await folder.append(lines, pieces: size)
        #expect(again.allSatisfy { $0.acknowledgement.isDuplicate })
        #expect(try folder.data.openReader().head == 50)
    }

    @Test func stopsAtTheFirstBadLine() async throws {
        let folder = try Folder()
        let lines = (0..<20).map { $0 == 12 ? "{" : customerLine($0, "C-1") }
        do {
            try await folder.append(lines)
            Issue.record("a bad line was taken")
        } catch let stop as EventStream.Stop {
            #expect(stop.line == 13)
            #expect(stop.isInput)
        }
        #expect(try folder.data.openReader().head == 12)
    }

    @Test func aConflictLetsWhatCameBeforeItIn() async throws {
        let folder = try Folder()
        try await folder.append([customerLine(5, "C-1", #"{"a":1}"#)])
        let lines = (0..<10).map { customerLine($0, "C-1") }
        do {
            try await folder.append(lines)
            Issue.record("a conflict was taken")
        } catch let stop as EventStream.Stop {
            #expect(stop.line == 6)
        }
        #expect(try folder.data.openReader().head == 6)
    }

    @Test func aMergeThatClosesACircleIsRefused() async throws {
        let folder = try Folder()
        func merge(_ id: Int, _ from: String, _ into: String) -> String {
            customerLine(id, from, #"{"into":"\#(into)"}"#, type: "customer.merged")
        }
        try await folder.append([merge(1, "A", "B"), merge(2, "B", "C")])
        await #expect(throws: EventStream.Stop.self) { try await folder.append([merge(3, "C", "A")]) }
        // The same merge again is a duplicate, and after an unmerge the way is free.
        #expect(try await folder.append([merge(1, "A", "B")])[0].acknowledgement.isDuplicate)
        try await folder.append([
            customerLine(4, "A", type: "customer.unmerged"), merge(5, "C", "A"),
        ])
        #expect(try folder.data.openReader().head == 4)
    }
}
