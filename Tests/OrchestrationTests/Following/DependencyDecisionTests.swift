import Domain
import Orchestration
import Scheduling
import Testing

@Suite struct DependencyDecisionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var join: Dependencies.Join
        var conditions: [Dependencies.Condition]
        /// How the runs ended; `nil` for one that has not.
        var ends: [End?]
        var decision: String

        var testDescription: String { "\(join) \(conditions.map(\.name)) \(ends) \(decision)" }
    }

    struct End: Sendable {
        var outcome: AttemptOutcome?
        var exitCode: Int32?

        static let good = End(outcome: .succeeded, exitCode: 0)
        static let bad = End(outcome: .failed, exitCode: 3)
        static let lost = End(outcome: .lost)
        static let skipped = End(outcome: nil)
    }

    static let cases: [Case] = [
        .init(join: .all, conditions: [.succeeded], ends: [.good], decision: "ready"),
        .init(join: .all, conditions: [.succeeded], ends: [.bad], decision: "skipped a"),
        .init(join: .all, conditions: [.succeeded], ends: [.lost], decision: "skipped a"),
        .init(join: .all, conditions: [.finished], ends: [.lost], decision: "ready"),
        .init(join: .all, conditions: [.finished], ends: [.skipped], decision: "skipped a"),
        .init(join: .all, conditions: [.failed], ends: [.bad], decision: "ready"),
        .init(join: .all, conditions: [.failed], ends: [.good], decision: "unneeded"),
        .init(join: .all, conditions: [.failed], ends: [.skipped], decision: "skipped a"),
        .init(join: .all, conditions: [.exitCodes([0, 3])], ends: [.bad], decision: "ready"),
        .init(join: .all, conditions: [.exitCodes([0])], ends: [.bad], decision: "skipped a"),
        .init(join: .all, conditions: [.exitCodes([0])], ends: [.lost], decision: "skipped a"),
        .init(join: .all, conditions: [.succeeded, .succeeded], ends: [.good, nil], decision: "waiting"),
        .init(join: .all, conditions: [.succeeded, .succeeded], ends: [.bad, nil], decision: "waiting"),
        .init(join: .all, conditions: [.succeeded, .succeeded], ends: [.good, .good], decision: "ready"),
        .init(join: .all, conditions: [.succeeded, .succeeded], ends: [.good, .bad], decision: "skipped b"),
        .init(join: .all, conditions: [.succeeded, .failed], ends: [.good, .good], decision: "unneeded"),
        .init(join: .any, conditions: [.succeeded, .succeeded], ends: [.good, nil], decision: "ready"),
        .init(join: .any, conditions: [.succeeded, .succeeded], ends: [.bad, nil], decision: "waiting"),
        .init(join: .any, conditions: [.succeeded, .succeeded], ends: [.bad, .good], decision: "ready"),
        .init(
            join: .any,
            conditions: [.succeeded, .succeeded],
            ends: [.bad, .skipped],
            decision: "skipped a"
        ),
        .init(join: .any, conditions: [.failed, .failed], ends: [.good, .good], decision: "unneeded"),
    ]

    @Test("ends decide by condition and join", arguments: cases)
    func decide(_ example: Case) {
        let names = ["a", "b"].map { TaskID($0)! }
        let edges = zip(names, example.conditions).map { Dependencies.Edge($0, on: $1) }
        let arrivals = zip(edges, example.ends).compactMap { edge, end in
            end.map { Self.arrival(edge.task, edge.condition.verdict(on: $0.outcome, exitCode: $0.exitCode)) }
        }
        let decision = Dependencies(edges, join: example.join).decide(arrivals)
        switch decision {
        case .ready: #expect(example.decision == "ready")
        case .waiting: #expect(example.decision == "waiting")
        case .unneeded: #expect(example.decision == "unneeded")
        case .skipped(let reason):
            #expect(example.decision.hasPrefix("skipped"))
            #expect(reason.hasPrefix("it comes after \(example.decision.suffix(1)) ("))
        }
    }

    @Test("the end of a task it does not come after any more says nothing")
    func stale() {
        let dependencies = Dependencies([.init(TaskID("a")!)])
        #expect(dependencies.decide([Self.arrival(TaskID("b")!, .met)]) == .waiting)
    }

    private static func arrival(_ task: TaskID, _ verdict: DependencyVerdict) -> DependencyArrival {
        DependencyArrival(
            task: task,
            run: RunID(FireKey(uid: TaskUID(bits: 1), due: .init(millisecondsSinceEpoch: 1))),
            verdict: verdict,
            agent: AgentID("g")!,
            incarnation: Incarnation(high: 1, low: 2)
        )
    }
}
