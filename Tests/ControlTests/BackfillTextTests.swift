import Domain
import Foundation
import Payloads
import Scheduling
import Testing

@testable import Control

/// What people read about backfills.
@Suite struct BackfillTextTests {
    private static let now = Instant(rfc3339: "2026-03-02T12:00:00Z")!
    private static let time = TimeText(zone: .gmt, now: now)

    private static func backfill(shards: Shards? = nil, shard: Int? = nil) -> Backfill {
        var specification = TaskSpecification(name: TaskID("t")!, action: .command(["true"]))
        specification.shards = shards
        return Backfill(
            id: BackfillID(bits: 7),
            task: .created(specification, uid: TaskUID(bits: 1), now: now),
            from: now - .seconds(7_200),
            to: now - .seconds(3_600),
            parallel: 2,
            shard: shard,
            createdAt: now,
            total: 3
        )
    }

    private static func run(_ number: UInt64) -> RunID { RunID(request: Nonce(high: 0, low: number)) }

    private static func details(of backfill: Backfill) -> [String] {
        BackfillTable.details(of: BackfillPayload(backfill), time).map { "\($0.name): \($0.value.text)" }
    }

    struct Plan: Sendable, CustomTestStringConvertible {
        var existing: Int?
        var runs: Int?
        var existingRuns: Int?
        var isRepeating = false
        var text: String
        var testDescription: String { text }
    }

    @Test(
        "a plan says how many fires would be run, with how many runs, and what ran",
        arguments: [
            Plan(existing: 0, text: "run for 24 fires from 2026"),
            Plan(existing: 3, text: "; 3 ran already and would be left alone\n"),
            Plan(existing: nil, text: "; too many to look which of them ran\n"),
            Plan(existing: 2, runs: 192, existingRuns: 0, text: "run for 24 fires, 192 runs, from 2026"),
            Plan(
                existing: 2,
                runs: 192,
                existingRuns: 19,
                text: "; 19 of the runs ran already and would be left alone\n"
            ),
            Plan(
                existing: 2,
                runs: 192,
                existingRuns: 19,
                isRepeating: true,
                text: "; 19 of the runs ran already and would be run again\n"
            ),
        ]
    )
    func plans(_ plan: Plan) {
        let payload = BackfillPlanPayload(
            task: TaskID("t")!,
            revision: 1,
            fires: 24,
            first: Self.now - .seconds(86_400),
            last: Self.now - .seconds(3_600),
            existing: plan.existing,
            runs: plan.runs,
            existingRuns: plan.existingRuns
        )
        let text = TaskBackfillCommand.sentence(payload, isRepeating: plan.isRepeating, Self.time)
        #expect(text.contains(plan.text), "\(text)")
    }

    @Test("a backfill with shards shows which are run, how a fire stands, and which failed")
    func shards() {
        var backfill = Self.backfill(shards: .count(5))
        #expect(Self.details(of: backfill).contains("shards: all 5 of each fire"))
        backfill.begin([0, 1, 2, 4], of: Self.run(9), for: backfill.from, now: Self.now)
        backfill.dispatch([0, 1, 2], of: backfill.from)
        _ = backfill.end(Self.run(0), ofShard: 0, of: backfill.from, .succeeded)
        _ = backfill.end(Self.run(1), ofShard: 1, of: backfill.from, .failed)
        let details = Self.details(of: backfill)
        #expect(details.contains("shards: all 5 of each fire: 1 succeeded, 1 failed, 1 had run before"))
        #expect(
            details.contains {
                $0.hasPrefix("running: ")
                    && $0.hasSuffix(", 4 shards: 1 running, 1 waiting, 1 succeeded, 1 failed")
            },
            "\(details)"
        )
        #expect(
            details.contains { $0.hasPrefix("failed: ") && $0.hasSuffix(", shard 1, run/\(Self.run(1))") }
        )
        let one = Self.backfill(shards: .names(["eu", "us"]), shard: 1)
        #expect(Self.details(of: one).contains("shards: shard 1 of 2"))
    }

    @Test("a backfill of a task without shards says nothing of them")
    func whole() {
        var backfill = Self.backfill()
        backfill.dispatch(Self.run(1), for: backfill.from, now: Self.now)
        let details = Self.details(of: backfill)
        #expect(!details.contains { $0.contains("shard") })
        #expect(details.contains { $0.hasPrefix("running: ") && $0.hasSuffix(", run/\(Self.run(1))") })
    }
}
