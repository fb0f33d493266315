import Foundation
import Testing

/// `Tools/kills`: the real binary, killed at random instants, keeps its promises; and a binary that does not is found.
@Suite struct KillTests {
    /// The tool's run; what it keeps of a violation lies in `folder`.
    private func kills(_ arguments: String, _ folder: TemporaryFolder, binary: String) throws -> Binary.Result {
        try Binary.shell(
            "python3 \"$KILLS\" --binary \"$BINARY\" \(arguments)",
            ["KILLS": Repository.path("Tools/kills"), "BINARY": binary, "TMPDIR": folder.url.path])
    }

    @Test(
        arguments: [
            ("append", 5), ("import", 2), ("rebuild", 2), ("roll", 3), ("repack", 3), ("merge", 3), ("call", 3),
            ("freeze", 2),
        ])
    func aKilledProcessBreaksNoPromise(_ scenario: String, _ rounds: Int) throws {
        let seed = UInt16.random(in: 0...UInt16.max)
        let arguments = "--only \(scenario) --rounds \(rounds) --seed \(seed)"
        let result = try kills(arguments, TemporaryFolder(), binary: Binary.path)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.hasSuffix("every promise was kept\n"), "\(result.output)\(result.errors)")
    }

    /// Each makes `cat` lie as a faulty log would: the last event lost, one twice, one changed, two swapped.
    @Test(arguments: ["$d", "2p", "3s/\"fill\":\"/&0/", "2{h;d};3G"])
    func aBrokenPromiseIsFound(_ lie: String) throws {
        let folder = try TemporaryFolder()
        let liar = try folder.write(
            "liar",
            """
            #!/bin/bash
            if [ "$1" = cat ]; then "$TOUCHLINE" "$@" | sed '\(lie)'; else exec "$TOUCHLINE" "$@"; fi

            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: liar)
        let result = try kills("--only append --rounds 3", folder, binary: liar)
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(result.output.contains("VIOLATION in append"), "\(result.output)\(result.errors)")
    }
}
