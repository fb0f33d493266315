import RotTable
import ViewRot

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// Prints the rot table: what becomes of single flipped bits, structure by structure. Exit status 1 if one is missed.

let usage = "usage: rot [--flips N] [--view-flips N] [--seed N]"
var flips = 60_000
// Of each structure, in each of the states that files of views may be left in; they are on disk, so fewer.
var viewFlips = 100
var seed: UInt64 = 1
var arguments = CommandLine.arguments.dropFirst()
while let name = arguments.popFirst() {
    guard let number = arguments.popFirst().flatMap(UInt64.init), number > 0, number < 1 << 40 else {
        print(usage)
        exit(64)
    }
    switch name {
    case "--flips": flips = Int(number)
    case "--view-flips": viewFlips = Int(number)
    case "--seed": seed = number
    default:
        print(usage)
        exit(64)
    }
}

let start = ContinuousClock.now
var table = RotTable()
for (shape, share) in [(SampleLog.Shape.small, 0.9), (.wide, 0.1)] {
    table.merge(try await RotTable.make(shape, flips: Int(Double(flips) * share), seed: seed, parts: 2))
}
print(table.text)
let (seconds, attoseconds) = (ContinuousClock.now - start).components
let elapsed = Double(seconds) + Double(attoseconds) / 1e18
print(
    "\n\(table.sum.flips) flips in \(Int(elapsed)) s, \(Int(Double(table.sum.flips) / elapsed)) a second, seed \(seed)")
for miss in table.misses { print("MISSED: \(miss)") }
let views = try await ViewRot.sample(flips: viewFlips, seed: seed)
print("\n" + ViewRot.text(views))
for row in views {
    for miss in row.missed.prefix(2) { print("MISSED: \(row.state), \(row.structure): \(miss)") }
}
exit(table.sum.missed == 0 && views.allSatisfy(\.missed.isEmpty) ? 0 : 1)
