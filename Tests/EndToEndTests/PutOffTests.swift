import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd {
    /// Runs that are asked for a time to come, on real processes.
    @Suite struct PutOffTests {
        @Test("a run that was put off is shown as one to come, starts at its instant, and can be taken back")
        func putOff() async throws {
            try await withCluster("--centers", "1", "--agents", "1", "--no-restart") { cluster in
                try await cluster.task("later", script: "true")
                let far = try await cluster.control("task", "run", "later", "--at", "1h", "-o", "json")
                #expect(far.status == 0, "\(far.errors)")
                let run = try far.json(RunAccepted.self).run
                let shown = try await cluster.control("run", "get", run.text)
                #expect(shown.output.contains("still to come"), "\(shown.output) \(shown.errors)")
                let stopped = try await cluster.control("run", "stop", run.text)
                #expect(stopped.status == 0, "\(stopped.errors)")
                try await eventually("it is taken back") {
                    try await cluster.record(of: run.text)?.state == .stopped
                }
                let near = try await cluster.control("task", "run", "later", "--at", "3s", "--wait")
                #expect(near.status == 0, "\(near.errors)")
                let listed = try await cluster.control("run", "list", "--task", "later", "-o", "json")
                let runs = try listed.json(ListPayload<RunPayload>.self).items
                let done = try #require(runs.first { $0.state == .succeeded })
                let started = try #require(done.attempts.first?.startedAt)
                #expect(started >= done.due)
                let past = try await cluster.control("task", "run", "later", "--at", "2020-01-01T00:00:00Z")
                #expect(past.status != 0)
                #expect(past.errors.contains("is past"), "\(past.errors)")
            }
        }
    }
}
