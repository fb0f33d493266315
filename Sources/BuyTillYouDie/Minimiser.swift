/// Minimisation of a smooth function of a few variables without derivatives, the same way every time.
///
/// Nelder–Mead (1965) finds the valley from any start; BFGS with central differences then walks to its floor. Neither
/// draws a random number or looks at a clock, so equal input gives equal bits.
struct Minimiser {
    /// Where a search ended.
    struct Result: Sendable {
        var point: [Double]
        var value: Double
        /// Whether the gradient vanished, within the precision of differences.
        var converged: Bool
    }

    /// The function; infinite where it is not defined.
    let function: ([Double]) -> Double

    private static let simplexStepsMax = 400
    private static let descentStepsMax = 200
    private static let differenceStep = 1e-5
    private static let gradientMax = 1e-8

    /// The least value found from the given starts, tried in order; the first of equals.
    ///
    /// Every start gets a rough search; the best of them is refined.
    func minimise(from starts: [[Double]]) -> Result {
        var best: Result?
        for start in starts {
            let rough = nelderMead(start, tolerance: 1e-5)
            if best.map({ rough.value < $0.value }) ?? rough.value.isFinite { best = rough }
        }
        guard let best else { return Result(point: starts.first ?? [], value: .infinity, converged: false) }
        let refined = descend(best)
        if refined.converged { return refined }
        // A flat or crooked valley: once more round, from where it ended.
        let again = descend(nelderMead(refined.point, tolerance: 1e-10))
        return again.value <= refined.value ? again : refined
    }

    /// Nelder–Mead until the simplex's values differ by less than `tolerance`.
    private func nelderMead(_ start: [Double], tolerance: Double) -> Result {
        let n = start.count
        var simplex = [start]
        for index in 0..<n {
            var corner = start
            corner[index] += 0.5
            simplex.append(corner)
        }
        var values = simplex.map(function)
        for _ in 0..<Self.simplexStepsMax {
            // A stable order, so that ties fall the same way.
            let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
            simplex = order.map { simplex[$0] }
            values = order.map { values[$0] }
            if values[n] - values[0] < tolerance { break }
            replaceWorst(&simplex, &values)
        }
        let least = values.indices.min { (values[$0], $0) < (values[$1], $1) } ?? 0
        return Result(point: simplex[least], value: values[least], converged: false)
    }

    /// One step of Nelder–Mead on a sorted simplex: reflect, expand, contract or shrink.
    private func replaceWorst(_ simplex: inout [[Double]], _ values: inout [Double]) {
        let n = simplex.count - 1
        let centre = (0..<n).map { axis in simplex[..<n].reduce(0.0) { $0 + $1[axis] } / Double(n) }
        let worst = simplex[n]
        func along(_ factor: Double) -> ([Double], Double) {
            let point = (0..<n).map { centre[$0] + factor * (worst[$0] - centre[$0]) }
            return (point, function(point))
        }
        func replace(_ candidate: ([Double], Double)) {
            simplex[n] = candidate.0
            values[n] = candidate.1
        }
        let reflected = along(-1)
        if reflected.1 < values[0] {
            let expanded = along(-2)
            replace(expanded.1 < reflected.1 ? expanded : reflected)
        } else if reflected.1 < values[n - 1] {
            replace(reflected)
        } else {
            let contracted = along(reflected.1 < values[n] ? -0.5 : 0.5)
            if contracted.1 < min(reflected.1, values[n]) {
                replace(contracted)
                return
            }
            for index in 1...n {
                simplex[index] = (0..<n).map { simplex[0][$0] + 0.5 * (simplex[index][$0] - simplex[0][$0]) }
                values[index] = function(simplex[index])
            }
        }
    }

    /// BFGS with a backtracking line search.
    private func descend(_ start: Result) -> Result {
        let n = start.point.count
        var point = start.point
        var value = start.value
        guard var slope = gradient(at: point) else { return start }
        var inverse = Self.identity(n)
        for _ in 0..<Self.descentStepsMax {
            if slope.allSatisfy({ abs($0) < Self.gradientMax }) {
                return Result(point: point, value: value, converged: true)
            }
            var direction = Self.product(inverse, slope).map { -$0 }
            if Self.dot(direction, slope) >= 0 {
                inverse = Self.identity(n)
                direction = slope.map { -$0 }
            }
            guard let next = lineSearch(from: point, value, along: direction, slope: slope),
                let nextSlope = gradient(at: next.point)
            else { break }
            let step = zip(next.point, point).map { $0 - $1 }
            let change = zip(nextSlope, slope).map { $0 - $1 }
            Self.update(&inverse, step: step, change: change)
            (point, value, slope) = (next.point, next.value, nextSlope)
        }
        return Result(point: point, value: value, converged: slope.allSatisfy { abs($0) < 100 * Self.gradientMax })
    }

    /// Halves the step until the value falls enough (Armijo); `nil` if it never does.
    private func lineSearch(
        from point: [Double], _ value: Double, along direction: [Double], slope: [Double]
    ) -> (point: [Double], value: Double)? {
        // In logarithms of parameters a step of 2 is a factor of 7: far enough for one step.
        let longest = direction.reduce(0.0) { max($0, abs($1)) }
        var length = longest > 2 ? 2 / longest : 1
        let descent = Self.dot(direction, slope)
        for _ in 0..<40 {
            let candidate = zip(point, direction).map { $0 + length * $1 }
            let candidateValue = function(candidate)
            if candidateValue <= value + 1e-4 * length * descent, candidateValue < value {
                return (candidate, candidateValue)
            }
            length *= 0.5
        }
        return nil
    }

    /// The gradient by central differences; `nil` at the edge of the domain.
    private func gradient(at point: [Double]) -> [Double]? {
        var result: [Double] = []
        for index in point.indices {
            var (up, down) = (point, point)
            up[index] += Self.differenceStep
            down[index] -= Self.differenceStep
            let difference = (function(up) - function(down)) / (2 * Self.differenceStep)
            guard difference.isFinite else { return nil }
            result.append(difference)
        }
        return result
    }

    private static func identity(_ n: Int) -> [[Double]] {
        (0..<n).map { row in (0..<n).map { $0 == row ? 1 : 0 } }
    }

    private static func product(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
        matrix.map { dot($0, vector) }
    }

    private static func dot(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0.0) { $0 + $1.0 * $1.1 }
    }

    /// The BFGS update of the inverse Hessian, left out where the curvature is not positive.
    private static func update(_ inverse: inout [[Double]], step: [Double], change: [Double]) {
        let curvature = dot(step, change)
        guard curvature > 1e-14 else { return }
        let scaled = product(inverse, change)
        let factor = 1 + dot(change, scaled) / curvature
        for row in step.indices {
            for column in step.indices {
                inverse[row][column] +=
                    (factor * step[row] * step[column]
                        - scaled[row] * step[column] - step[row] * scaled[column]) / curvature
            }
        }
    }
}
