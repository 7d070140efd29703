import Foundation

/// The starts that `stamp` wrote down.
struct Stamps {
    /// The file, which need not exist yet.
    let path: String

    private static let bytesPerStart = MemoryLayout<Int64>.size
    /// Time between two looks; rare enough not to take part in what is measured.
    private static let interval = Duration.milliseconds(250)

    /// Waits until this many starts are written; throws when that takes longer than `limit`.
    func wait(for count: Int, limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while try self.count < count {
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError(
                    "only \(try self.count) of \(count) programs were started within \(limit)"
                )
            }
            try await ContinuousClock().sleep(for: Self.interval)
        }
    }

    /// Milliseconds from `due` (nanoseconds since 1970) to each start, and to the last of them.
    func lateness(due: Int64) throws -> [String: Double] {
        let starts = try starts().map { Double($0 - due) / 1e6 }
        guard let last = starts.max() else { throw BenchmarkError("no program was started") }
        return ["p50": starts.percentile(0.5), "p99": starts.percentile(0.99), "total": last]
    }

    /// Milliseconds from the first start to the last.
    func span() throws -> Double {
        let starts = try starts()
        guard let first = starts.min(), let last = starts.max() else {
            throw BenchmarkError("no program was started")
        }
        return Double(last - first) / 1e6
    }

    /// How many starts are written.
    var count: Int {
        get throws {
            guard FileManager.default.fileExists(atPath: path) else { return 0 }
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return (size ?? 0) / Self.bytesPerStart
        }
    }

    private func starts() throws -> [Int64] {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        return stride(from: 0, to: bytes.count - Self.bytesPerStart + 1, by: Self.bytesPerStart).map {
            offset in
            bytes[offset..<offset + Self.bytesPerStart].reversed().reduce(0) { $0 << 8 | Int64($1) }
        }
    }
}

/// Starts of `stamp` by the loop in C.
struct SpawnLoop {
    let workshop: Workshop

    /// What it is called in the figures.
    static let name = "posix_spawn of the same program in a loop in C"

    /// Time for the loop to come up before it is due.
    private static let lead: Int64 = 300_000_000

    /// Lateness of `count` programs due at one instant.
    func lateness(_ count: Int) async throws -> [String: Double] {
        let stamps = Stamps(path: workshop.newPath("stamps"))
        let due = Machine.now + Self.lead
        try await workshop.run(workshop.loop, ["-a", "\(due)", "\(count)", workshop.stamp, stamps.path])
        return try stamps.lateness(due: due)
    }

    /// Milliseconds for each of `count` programs, each waited for before the next one starts.
    func millisecondsInTurn(_ count: Int) async throws -> Double {
        let stamps = Stamps(path: workshop.newPath("stamps"))
        try await workshop.run(workshop.loop, ["-s", "\(count)", workshop.stamp, stamps.path])
        return try stamps.span() / Double(count - 1)
    }
}

/// How figures of lateness are reported and what they have to reach.
struct LatenessReport {
    let benchmark: String
    let count: Int

    /// Reports each figure beside that of the loop.
    func report(_ ours: [String: Double], _ theirs: [String: Double]) throws {
        for measure in ours.keys.sorted() {
            guard let value = ours[measure], let baseline = theirs[measure] else { continue }
            try Measurement(
                benchmark: benchmark,
                parameters: ["tasks": .number(count), "measure": .text(measure)],
                value: value,
                unit: "ms",
                baseline: (SpawnLoop.name, baseline),
                target: target(measure)
            ).report()
        }
    }

    private func target(_ measure: String) -> Measurement.Target? {
        switch (count, measure) {
        case (1_000, "total"): .ratioAtMost(1.4)
        case (10, "p99"): .valueAtMost(15)
        default: nil
        }
    }
}
