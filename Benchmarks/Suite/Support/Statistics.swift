import Foundation

/// How often each side is measured: the least that has a median, since every round costs.
let rounds = 3

extension [Double] {
    /// The middle value, or the mean of the two in the middle.
    var median: Double {
        precondition(!isEmpty, "no values have no median")
        let sorted = sorted()
        let middle = count / 2
        return count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The least value that this fraction of all values does not exceed.
    func percentile(_ fraction: Double) -> Double {
        precondition(!isEmpty, "no values have no percentile")
        let rank = (fraction * Double(count)).rounded(.up)
        return sorted()[Swift.min(Swift.max(Int(rank), 1), count) - 1]
    }
}

/// Measures two sides in turn, so that what the machine does meanwhile falls on both; each side's medians by name.
func interleaved(
    _ ours: () async throws -> [String: Double],
    against theirs: () async throws -> [String: Double]
) async throws -> (ours: [String: Double], theirs: [String: Double]) {
    var measured: (ours: [[String: Double]], theirs: [[String: Double]]) = ([], [])
    for _ in 0..<rounds {
        measured.theirs.append(try await theirs())
        measured.ours.append(try await ours())
    }
    return (medians(measured.ours), medians(measured.theirs))
}

private func medians(_ samples: [[String: Double]]) -> [String: Double] {
    guard let first = samples.first else { return [:] }
    return first.keys.reduce(into: [:]) { medians, key in
        medians[key] = samples.compactMap { $0[key] }.median
    }
}

/// Milliseconds that `body` takes.
func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .milliseconds(1)
}
