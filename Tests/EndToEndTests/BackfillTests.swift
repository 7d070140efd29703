import Domain
import Foundation
import Payloads
import Testing

extension EndToEnd {
    /// Past fires that are made up for by real processes.
    @Suite struct BackfillTests {
        @Test("a backfill runs every past fire once, in order, though the leader is killed on the way")
        func killedLeader() async throws {
            try await withCluster("--centers", "2", "--agents", "1") { cluster in
                let log = cluster.folder.file("filled")
                let script = "echo $CLOUDTASK_DUE $CLOUDTASK_TRIGGER >> \(log.path)\nsleep 0.3"
                try await cluster.task("filled", script: script, more: "schedules: [{every: 1h}]")
                let span = ["--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T23:00:00Z"]
                let dry = try await cluster.execute(["task", "backfill", "filled", "--dry-run"] + span)
                #expect(dry.output.contains("would be run for 24 fires"), "\(dry)")
                let answer = try await cluster.execute(
                    ["task", "backfill", "filled", "--note", "again", "-o", "json"] + span
                )
                try #require(answer.status == 0, "\(answer.errors)")
                let id = try answer.json(BackfillPayload.self).id.text
                func lines() throws -> [String] {
                    guard FileManager.default.fileExists(atPath: log.path) else { return [] }
                    return try String(contentsOf: log, encoding: .utf8).split(separator: "\n").map(
                        String.init
                    )
                }
                try await eventually("some have run") { try lines().count >= 4 }
                let leader = try #require(try await cluster.status().leadership.center).text
                kill(try #require(try cluster.processes("center")[leader]), SIGKILL)
                try await eventually("all have run", within: Patience.seconds(60)) {
                    let got = try await cluster.control("backfill", "get", id, "-o", "json")
                    guard got.status == 0 else { return false }
                    return try got.json(BackfillPayload.self).state == .finished
                }
                let hours = (0..<24).map { hour in
                    "2026-01-01T\(hour < 10 ? "0" : "")\(hour):00:00.000Z backfill"
                }
                let ran = try lines()
                #expect(ran == hours, "\(ran)")
                let got = try await cluster.control("backfill", "get", id)
                #expect(got.output.contains("24, 24 succeeded"), "\(got.output)")
                let again = try await cluster.execute(["task", "backfill", "filled", "--dry-run"] + span)
                #expect(again.output.contains("24 ran already and would be left alone"), "\(again.output)")
                let verified = try await cluster.control("cluster", "verify")
                #expect(!verified.output.contains("/backfills"), "\(verified.output)")
                let backwards = try await cluster.control(
                    "task",
                    "backfill",
                    "filled",
                    "--from",
                    "-1h",
                    "--to",
                    "-2h"
                )
                #expect(backwards.status == 1)
                #expect(backwards.errors.contains("ends before it begins"), "\(backwards.errors)")
            }
        }

        @Test("a backfill of a task with shards runs each of them once for each fire")
        func shards() async throws {
            try await withCluster("--centers", "1", "--agents", "2", "--no-restart") { cluster in
                let log = cluster.folder.file("parts")
                let script =
                    "echo $CLOUDTASK_DUE $CLOUDTASK_SHARD $CLOUDTASK_SHARD_INDEX $CLOUDTASK_SHARD_TOTAL >> \(log.path)"
                let more = "schedules: [{every: 1h}]\nshards: [eu, us, asia]"
                try await cluster.task("parts", script: script, more: more)
                try await cluster.apply("kind: Task\nname: report\nscript: \"true\"\nafter: [parts]\n")
                func lines() throws -> [String] {
                    guard FileManager.default.fileExists(atPath: log.path) else { return [] }
                    let text = try String(contentsOf: log, encoding: .utf8)
                    // The schedule itself may come due meanwhile.
                    return text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("2026-01-01") }
                }
                func finish(_ options: [String]) async throws -> BackfillPayload {
                    let answer = try await cluster.execute(
                        ["task", "backfill", "parts", "--parallel", "2", "-o", "json"] + options
                    )
                    try #require(answer.status == 0, "\(answer.errors)")
                    let id = try answer.json(BackfillPayload.self).id.text
                    func state() async throws -> BackfillPayload {
                        let answer = try await cluster.control("backfill", "get", id, "-o", "json")
                        return try answer.json(BackfillPayload.self)
                    }
                    try await eventually("it is over", within: Patience.seconds(60)) {
                        try await state().state == .finished
                    }
                    return try await state()
                }
                // The first fire of one shard, then all that is left.
                let start = ["--from", "2026-01-01T00:00:00Z"]
                let one = try await finish(start + ["--to", "2026-01-01T00:00:00Z", "--shard", "us"])
                #expect(one.succeeded == 1)
                let span = start + ["--to", "2026-01-01T03:00:00Z"]
                let dry = try await cluster.execute(["task", "backfill", "parts", "--dry-run"] + span)
                #expect(dry.output.contains("4 fires, 12 runs,"), "\(dry)")
                #expect(dry.output.contains("1 of the runs ran already and would be left alone"), "\(dry)")
                let all = try await finish(span)
                #expect(all.succeeded == 4)
                #expect(all.runs?.succeeded == 11 && all.runs?.existing == 1)
                let expected = (0..<4).flatMap { hour in
                    ["eu 0", "us 1", "asia 2"].map { "2026-01-01T0\(hour):00:00.000Z \($0) 3" }
                }
                let ran = try lines()
                #expect(ran.sorted() == expected.sorted(), "\(ran)")
                // What comes after a fire's shards has run once for all of them, and once for the one that was run alone.
                try await eventually("the reports have run") {
                    let answer = try await cluster.control("run", "list", "--task", "report", "-o", "json")
                    let states = try answer.json(ListPayload<RunPayload>.self).items.map(\.state)
                    return states.count >= 5 && states.allSatisfy { $0 == .succeeded }
                }
                let verified = try await cluster.control("cluster", "verify")
                #expect(verified.status == 0, "\(verified.output)")
            }
        }

        @Test("a backfill that is stopped runs nothing more, and kills what runs when asked to")
        func stopped() async throws {
            try await withCluster("--centers", "1", "--agents", "1") { cluster in
                try await cluster.task("endless", script: "sleep 600", more: "schedules: [{every: 1h}]")
                let answer = try await cluster.control(
                    "task",
                    "backfill",
                    "endless",
                    "--from",
                    "-10h",
                    "--to",
                    "-1h",
                    "-o",
                    "json"
                )
                try #require(answer.status == 0, "\(answer.errors)")
                let id = try answer.json(BackfillPayload.self).id.text
                func state() async throws -> BackfillPayload {
                    try await cluster.control("backfill", "get", id, "-o", "json").json(BackfillPayload.self)
                }
                try await eventually("one runs") {
                    guard let run = try await state().active.first?.run.text else { return false }
                    return try await cluster.record(of: run)?.state == .running
                }
                let stop = try await cluster.control(
                    "backfill",
                    "stop",
                    id,
                    "--kill",
                    "--reason",
                    "wrong task"
                )
                #expect(stop.status == 0, "\(stop.errors)")
                try await eventually("it is over") { try await state().state == .stopped }
                #expect(try await state().failed == 1)
                #expect(try await state().reason?.contains("wrong task") == true)
                #expect(try await state().waiting >= 8)
            }
        }
    }
}
