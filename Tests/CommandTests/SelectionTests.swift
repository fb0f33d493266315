import Foundation
import Testing

/// `cat` and `tail` select what they say.
@Suite struct SelectionTests {
    @Test func typesAreGlobs() throws {
        let data = try TestData()
        try data.append(
            #"{"type":"complaint.opened","subject":"A","data":{"complaint":"1"}}"#,
            #"{"type":"complaint.closed","subject":"B","data":{"complaint":"2"}}"#,
            #"{"type":"ticket.opened","subject":"A","data":{"ticket":"3"}}"#)
        let counts = [
            ("complaint.*", 2), ("*.opened", 2), ("c*.o*d", 1), ("ticket.opene?", 1), ("*", 3), ("nothing", 0),
        ]
        for (glob, count) in counts {
            #expect(try data.run("cat", "--type", glob).lines.count == count, "\(glob)")
            #expect(try data.run("tail", "--type", glob).lines.count == count, "\(glob)")
        }
        #expect(try data.run("tail", "-n", "1", "--type", "complaint.*").output.contains("complaint.closed"))
        #expect(try data.run("tail", "-n", "1", "--subject", "A").output.contains("ticket.opened"))
        #expect(try data.run("tail", "-n", "1", "--from", "0", "--to", "1").output.contains("complaint.closed"))
        #expect(try data.run("cat", "--from", "1", "--to", "1").lines.count == 1)
        #expect(try data.run("cat", "--subject", "A", "--type", "ticket.*").lines.count == 1)
    }
}
