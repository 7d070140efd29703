import Domain
import Payloads
import Scheduling

/// Shows backfills.
enum BackfillTable {
    /// Many backfills, one a line.
    static func table(_ backfills: [BackfillPayload], _ time: TimeText) -> Table {
        var table = Table([
            .init(title: "BACKFILL"), .init(title: "TASK", isElastic: true), .init(title: "STATE"),
            .init(title: "FROM"), .init(title: "TO"), .init(title: "FIRES", isNumber: true),
            .init(title: "DONE", isNumber: true), .init(title: "FAILED", isNumber: true),
            .init(title: "RUNNING", isNumber: true), .init(title: "WAITING", isNumber: true),
        ])
        for backfill in backfills {
            table.append([
                .init(backfill.id.text), .init(backfill.task.text),
                .init(backfill.state.rawValue, tone(of: backfill)), .init(time.absolute(backfill.from)),
                .init(time.absolute(backfill.to)), .init(String(backfill.fires)),
                .init(String(backfill.succeeded + backfill.skipped + backfill.existing)),
                .init(String(backfill.failed), backfill.failed > 0 ? .bad : nil),
                .init(String(backfill.running)), .init(String(backfill.waiting)),
            ])
        }
        return table
    }

    /// Everything about one backfill.
    static func details(of backfill: BackfillPayload, _ time: TimeText) -> [(
        name: String, value: Table.Cell
    )] {
        let reason = backfill.reason.map { ": \($0)" } ?? ""
        var pairs: [(name: String, value: Table.Cell)] = [
            ("backfill", .init(backfill.id.text, .strong)),
            ("task", .init("\(backfill.task), revision \(backfill.revision)")),
            ("state", .init(backfill.state.rawValue + reason, tone(of: backfill))),
            ("span", .init("\(time.absolute(backfill.from)) to \(time.absolute(backfill.to))")),
            ("fires", .init(counts(of: backfill))),
            ("at a time", .init(String(backfill.parallel))),
        ]
        if let shards = backfill.shards { pairs.append(("shards", .init(runs(of: backfill, shards)))) }
        if let obstacle = backfill.obstacle { pairs.append(("waits", .init(obstacle, .warning))) }
        if let parameters = backfill.parameters {
            let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            pairs.append(("parameters", .init(values.joined(separator: ", "))))
        }
        let by = backfill.requestedBy.map { " by \($0)" } ?? ""
        let note = backfill.note.map { ": \($0)" } ?? ""
        pairs.append(("asked for", .init("\(time.absolute(backfill.createdAt))\(by)\(note)")))
        if let end = backfill.endedAt { pairs.append(("ended", .init(time.absolute(end)))) }
        for fire in backfill.active {
            pairs.append(("running", .init("\(time.absolute(fire.due)), \(standing(of: fire))")))
        }
        for failure in backfill.failures {
            let outcome = failure.outcome?.rawValue ?? "skipped"
            let shard = failure.shard.map { "shard \($0), " } ?? ""
            let text = "\(time.absolute(failure.due)), \(shard)run/\(failure.run)"
            pairs.append((outcome, .init(text, failure.outcome == nil ? .quiet : .bad)))
        }
        return pairs
    }

    /// How many fires there are, and what has become of them.
    static func counts(of backfill: BackfillPayload) -> String {
        let isOver = backfill.state == .stopped || backfill.state == .stopping
        let parts = [
            (backfill.succeeded, "succeeded"), (backfill.failed, "failed"), (backfill.skipped, "skipped"),
            (backfill.existing, "had run before"), (backfill.running, "running"),
            (backfill.waiting, isOver ? "will not be run" : "waiting"),
        ]
        let words = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return (["\(backfill.fires)"] + words).joined(separator: ", ")
    }

    /// Which shards are run, and what has become of their runs.
    private static func runs(of backfill: BackfillPayload, _ shards: Int) -> String {
        let which = backfill.shard.map { "shard \($0) of \(shards)" } ?? "all \(shards) of each fire"
        let counts = backfill.runs ?? Backfill.ShardCounts()
        let parts = [
            (counts.succeeded, "succeeded"), (counts.failed, "failed"), (counts.skipped, "skipped"),
            (counts.existing, "had run before"),
        ]
        let words = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return words.isEmpty ? which : "\(which): \(words.joined(separator: ", "))"
    }

    /// How a fire that is under way stands: its run, or the runs of its shards.
    private static func standing(of fire: Backfill.Active) -> String {
        guard let shards = fire.shards else { return "run/\(fire.run)" }
        let over = shards.total - shards.running.count - shards.waiting.count - shards.failed - shards.skipped
        let parts = [
            (shards.running.count, "running"), (shards.waiting.count, "waiting"), (over, "succeeded"),
            (shards.failed, "failed"), (shards.skipped, "skipped"),
        ]
        let words = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return "\(shards.total) shard\(shards.total == 1 ? "" : "s"): \(words.joined(separator: ", "))"
    }

    private static func tone(of backfill: BackfillPayload) -> Style.Tone? {
        switch backfill.state {
        case .finished: backfill.failed > 0 ? .warning : .good
        case .paused, .stopping, .stopped: .warning
        case .running: nil
        }
    }
}
