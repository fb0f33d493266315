import FuzzTargets

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The target that the environment names.
private let target: FuzzTarget = {
    guard let target = variable("TOUCHLINE_FUZZ_TARGET").flatMap(FuzzTarget.named) else {
        fatalError("TOUCHLINE_FUZZ_TARGET names no target; run Tools/fuzz")
    }
    return target
}()

private func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Called once by libFuzzer.
///
/// Instead of fuzzing, `TOUCHLINE_FUZZ_LIST` prints the targets with the bytes of their longest input, and
/// `TOUCHLINE_FUZZ_SEEDS` writes the target's first inputs, made of the lines on standard input, into that folder.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>?, _ values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    if variable("TOUCHLINE_FUZZ_LIST") != nil {
        for target in FuzzTarget.all { print(target.name, target.bytesMax) }
        exit(0)
    }
    guard let folder = variable("TOUCHLINE_FUZZ_SEEDS") else { return 0 }
    var text: [UInt8] = []
    while let line = readLine(strippingNewline: false) { text += line.utf8 }
    do {
        for (number, seed) in try target.seeds(SeedLines(text)).enumerated() where seed.count <= target.bytesMax {
            write(seed, to: "\(folder)/seed-\(number)")
        }
    } catch {
        fatalError("\(error)")
    }
    exit(0)
}

private func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "wb") else { fatalError("cannot write \(path)") }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}

/// Called by libFuzzer for every input.
///
/// A property that does not hold stops the process, as a trap does.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do { try target.check(bytes) } catch { fatalError("broken: \(error)") }
    return 0
}
