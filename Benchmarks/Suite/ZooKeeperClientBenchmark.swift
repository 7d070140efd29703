import Foundation
import TestServers
import ZooKeeper

/// Requests a second through the Swift client, many in flight, against the C library by itself and the same server.
struct ZooKeeperClientBenchmark: Benchmark {
    let name = "zookeeper-client"

    private static let requests = 20_000
    private static let inFlight = 256
    private static let targets: [String: Measurement.Target] = [
        "create": .ratioAtLeast(0.8), "get": .ratioAtLeast(0.8), "set": .ratioAtLeast(0.8),
    ]

    func run(_ workshop: Workshop) async throws {
        let server = try await ZooKeeperServer.start()
        do {
            let (ours, theirs) = try await withSession(server.address) { session in
                // The server's Java code becomes fast by being used.
                _ = try await inC(workshop, server.address)
                _ = try await inSwift(session)
                return try await interleaved {
                    try await inSwift(session)
                } against: {
                    try await inC(workshop, server.address)
                }
            }
            try report(ours, theirs)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func inSwift(_ session: any ZooKeeperSession) async throws -> [String: Double] {
        let probe = ThroughputProbe(requests: Self.requests, callers: Self.inFlight)
        let rates = try await probe.run(
            session,
            below: try ZNodePath("/benchmark-swift"),
            clock: ContinuousClock()
        )
        return Dictionary(uniqueKeysWithValues: rates.map { ($0.name, $0.perSecond) })
    }

    private func inC(_ workshop: Workshop, _ address: String) async throws -> [String: Double] {
        let arguments = [address, "\(Self.requests)", "\(Self.inFlight)"]
        let output = try await workshop.run(workshop.zookeeper, arguments)
        return output.split(separator: "\n").reduce(into: [:]) { rates, line in
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, let rate = Double(words[1]) { rates[String(words[0])] = rate }
        }
    }

    private func report(_ ours: [String: Double], _ theirs: [String: Double]) throws {
        for request in ours.keys.sorted() {
            guard let value = ours[request], let baseline = theirs[request] else {
                throw BenchmarkError("the baseline did not measure \(request)")
            }
            try Measurement(
                benchmark: name,
                parameters: ["request": .text(request), "bytes": 100, "inFlight": .number(Self.inFlight)],
                value: value,
                unit: "requests/s",
                baseline: ("the C library, the same requests", baseline),
                target: Self.targets[request]
            ).report()
        }
    }
}
