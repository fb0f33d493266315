/// Makes a failing scenario smaller: leaves out steps, faults and noise as long as it fails.
package enum Shrinker {
    /// The smallest scenario found that still fails, and how.
    package static func shrink(
        _ scenario: Scenario, attemptsMax: Int = 3_000
    ) -> (scenario: Scenario, error: any Error)? {
        guard var failure = failure(of: scenario) else { return nil }
        var smallest = scenario
        var attempts = 0
        func keeps(_ candidate: Scenario) -> Bool {
            attempts += 1
            guard attempts <= attemptsMax, let found = Self.failure(of: candidate) else { return false }
            failure = found
            return true
        }
        var isSmaller = true
        while isSmaller, attempts <= attemptsMax {
            isSmaller = dropSteps(&smallest, keeps)
            for number in smallest.steps.indices {
                for simpler in simpler(smallest.steps[number]) {
                    var candidate = smallest
                    candidate.steps[number] = simpler
                    if keeps(candidate) {
                        smallest = candidate
                        isSmaller = true
                    }
                }
            }
        }
        return (smallest, failure)
    }

    /// How a scenario fails; nil if it does not.
    package static func failure(of scenario: Scenario) -> (any Error)? {
        do {
            try ScenarioRun(scenario).run()
            return nil
        } catch {
            return error
        }
    }

    /// Leaves out pieces of half the length, a quarter …, one step.
    private static func dropSteps(_ smallest: inout Scenario, _ keeps: (Scenario) -> Bool) -> Bool {
        var dropped = false
        var piece = max(1, smallest.steps.count / 2)
        while true {
            var start = 0
            while start < smallest.steps.count {
                var candidate = smallest
                candidate.steps.removeSubrange(start..<min(start + piece, candidate.steps.count))
                if keeps(candidate) {
                    smallest = candidate
                    dropped = true
                } else {
                    start += piece
                }
            }
            if piece == 1 { return dropped }
            piece /= 2
        }
    }

    private static func simpler(_ step: Step) -> [Step] {
        var results: [Step] = []
        func add(_ change: (inout Step) -> Void) {
            var copy = step
            change(&copy)
            if copy != step { results.append(copy) }
        }
        add { $0.fault = nil }
        add { $0.noise = nil }
        add { $0.interleaving = nil }
        if case .append(let requests) = step.action, requests.count > 1 {
            for place in requests.indices {
                add {
                    var fewer = requests
                    fewer.remove(at: place)
                    $0.action = .append(fewer)
                }
            }
        }
        if case .append(let requests) = step.action {
            for (place, request) in requests.enumerated() where request.events.count > 1 {
                add {
                    var fewer = requests
                    fewer[place].events.removeLast(request.events.count / 2)
                    $0.action = .append(fewer)
                }
            }
        }
        return results
    }
}
