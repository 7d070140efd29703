import Domain
import Payloads
import Scheduling

/// Shows runs.
enum RunTable {
    /// Many runs, one a line.
    static func table(_ runs: [RunPayload], isWide: Bool, showsTask: Bool, _ time: TimeText) -> Table {
        var columns: [Table.Column] = showsTask ? [.init(title: "TASK", isElastic: true)] : []
        columns += [
            .init(title: "DUE"), .init(title: "STATE"), .init(title: "LATE", isNumber: true),
            .init(title: "TOOK", isNumber: true),
            .init(title: "EXIT", isNumber: true), .init(title: "AGENT", isElastic: true),
        ]
        let hasShards = runs.contains { $0.shards != nil }
        if hasShards { columns.insert(.init(title: "SHARD"), at: showsTask ? 1 : 0) }
        let tellsProgress = runs.contains { $0.progress != nil }
        if tellsProgress { columns.append(.init(title: "PROGRESS", isElastic: true)) }
        if isWide {
            columns += [
                .init(title: "TRIGGER"), .init(title: "ATTEMPTS", isNumber: true), .init(title: "REASON"),
            ]
        }
        columns.append(.init(title: "RUN"))
        var table = Table(columns)
        for run in runs {
            let last = run.attempts.last
            var row: [Table.Cell] = showsTask ? [.init(run.task.text)] : []
            if hasShards { row.append(.init(shard(of: run) ?? "-")) }
            row += [
                .init(time.absolute(run.due)), .init(state(run), tone(of: run.state)), .init(lateness(run)),
                .init(duration(last, time)),
                .init(exit(last)), .init(last?.agent.text ?? "-"),
            ]
            if tellsProgress { row.append(.init(run.progress.map(progress) ?? "-")) }
            if isWide {
                row += [
                    .init(trigger(run)), .init(String(run.attempts.count)),
                    .init(run.reason ?? last?.message ?? "-"),
                ]
            }
            row.append(.init(run.id.text))
            table.append(row)
        }
        return table
    }

    /// Everything about one run.
    static func details(of run: RunPayload, _ time: TimeText) -> [(name: String, value: Table.Cell)] {
        var pairs: [(name: String, value: Table.Cell)] = [
            ("run", .init(run.id.text, .strong)),
            ("task", .init(run.task.text)),
            ("state", .init(state(run) + (isToCome(run) ? ", still to come" : ""), tone(of: run.state))),
            ("due", .init("\(time.absolute(run.due)) (\(time.relative(run.due)))")),
            ("trigger", .init(trigger(run))),
            ("runtime", .init(run.runtime.text)),
        ]
        if let shard = shard(of: run) { pairs.insert(("shard", .init(shard)), at: 2) }
        if let parts = run.parts { pairs += words(parts) }
        if let parents = run.parents, !parents.isEmpty {
            pairs.append(("after", .init(parents.map(\.text).joined(separator: ", "))))
        }
        if let backfill = run.backfill { pairs.append(("backfill", .init(backfill.text))) }
        pairs += terms(of: run, time)
        if let owner = run.owner {
            let limit = run.deadline.map { ", until \(time.absolute($0)) at the latest" } ?? ""
            pairs.append(("owner", .init(owner + limit)))
        }
        if run.count > 1, let since = run.since {
            let range = "\(run.count), from \(time.absolute(since)) to \(time.absolute(run.due))"
            pairs.append(("due instants", .init(range)))
        }
        if let reason = run.reason { pairs.append(("reason", .init(reason))) }
        if let told = run.progress {
            pairs.append(("progress", .init("\(progress(told)) (\(time.relative(told.at)))")))
        }
        if let status = run.status {
            pairs.append(("status", .init("\(status.text) (\(time.relative(status.at)))")))
        }
        if let health = run.health { pairs.append(("health", TaskTable.health(health, time))) }
        for attempt in run.attempts {
            let present = attempt.startedAt == nil ? "waiting" : "running"
            var text = "on \(attempt.agent), \(attempt.outcome?.rawValue ?? present)"
            if let code = attempt.exitCode { text += ", exit code \(code)" }
            if let signal = attempt.signal { text += ", signal \(signal)" }
            if attempt.cause == .outOfMemory { text += ", out of memory" }
            text +=
                ", started \(time.absolute(attempt.startedAt)), took \(duration(attempt, time)), revision \(attempt.revision)"
            if let message = attempt.message { text += ": \(message)" }
            pairs.append(("attempt \(attempt.number)", .init(text)))
            if let usage = attempt.usage { pairs.append(("used", .init(words(usage)))) }
            if let former = attempt.corrected {
                let reason = former.message.map { ": \($0)" } ?? ""
                pairs.append(
                    (
                        "corrected",
                        .init(
                            "recorded as \(former.outcome.rawValue) at \(time.absolute(former.recordedAt))\(reason)"
                        )
                    )
                )
            }
        }
        return pairs + told(by: run) + (run.parts.map { told(by: $0) } ?? [])
    }

    /// Whether it was put off, and no agent has begun with it.
    private static func isToCome(_ run: RunPayload) -> Bool {
        run.state == .waiting && run.askedAt != nil && run.attempts.isEmpty
    }

    /// `1.2s of processor (1.1s user, 0.1s system), 12.5 MiB of memory at most, …`.
    private static func words(_ usage: AttemptUsage) -> String {
        func seconds(_ milliseconds: Int) -> String { TimeText.short(.milliseconds(milliseconds)) }
        let (user, system) = (usage.userMilliseconds, usage.systemMilliseconds)
        return "\(seconds(user + system)) of processor (\(seconds(user)) user, \(seconds(system)) system), "
            + "\(usage.memoryPeak.rounded) of memory at most, \(usage.read.rounded) read, \(usage.written.rounded) written"
    }

    /// `3 of 8`, or `eu (0 of 3)`.
    private static func shard(of run: RunPayload) -> String? {
        guard let total = run.shards else { return nil }
        let number = "\(run.part) of \(total)"
        return run.shard.map { "\($0) (\(number))" } ?? number
    }

    /// How the parts of a fire stand together, and those that have not succeeded.
    private static func words(_ parts: PartsPayload) -> [(name: String, value: Table.Cell)] {
        var counts: [(state: RunState, count: Int)] = []
        for (state, runs) in Dictionary(grouping: parts.runs, by: \.state) {
            counts.append((state, runs.count))
        }
        counts.sort { $0.state.weight < $1.state.weight }
        var texts = counts.map { "\($0.count) \($0.state.rawValue)" }
        if parts.runs.count < parts.total {
            texts.append("\(parts.total - parts.runs.count) without a record")
        }
        let all = parts.state.map { "together \($0.rawValue): " } ?? ""
        var pairs: [(name: String, value: Table.Cell)] = [
            (
                "parts",
                .init("\(parts.total), \(all)\(texts.joined(separator: ", "))", parts.state.flatMap(tone))
            )
        ]
        for part in parts.runs where part.state != .succeeded {
            let agent = part.agent.map { " on \($0)" } ?? ""
            pairs.append(
                ("part", .init("run/\(part.run) \(part.state.rawValue)\(agent)", tone(of: part.state)))
            )
        }
        return pairs
    }

    private static func terms(of run: RunPayload, _ time: TimeText) -> [(name: String, value: Table.Cell)] {
        var pairs: [(name: String, value: Table.Cell)] = []
        if let instant = run.meantFor { pairs.append(("meant for", .init(time.absolute(instant)))) }
        if let instant = run.askedAt { pairs.append(("asked for", .init(time.absolute(instant)))) }
        if let instant = run.shiftedFrom { pairs.append(("shifted from", .init(time.absolute(instant)))) }
        for (name, value) in (run.parameters ?? [:]).sorted(by: { $0.key < $1.key }) {
            pairs.append(("parameter", .init("\(name)=\(value)")))
        }
        for (output, value) in run.inputs?.all ?? [] {
            pairs.append(("input", .init("\(output.task).\(output.name)=\(cut(value.plainText))")))
        }
        if let note = run.note { pairs.append(("note", .init(note))) }
        if let by = run.requestedBy { pairs.append(("by", .init(by))) }
        if let run = run.retryOf { pairs.append(("retry of", .init(run.text))) }
        for run in run.retriedBy ?? [] { pairs.append(("retried by", .init(run.text))) }
        return pairs
    }

    /// What a run told under names, and what of it was not understood.
    private static func told(by run: RunPayload) -> [(name: String, value: Table.Cell)] {
        var pairs: [(name: String, value: Table.Cell)] = []
        for (name, value) in (run.outputs ?? [:]).sorted(by: { $0.key < $1.key }) {
            pairs.append(("output", .init("\(name)=\(cut(value.plainText))")))
        }
        if let count = run.outputsLeftOut {
            pairs.append(("output", .init("\(count) more, to be seen when the attempt has ended", .quiet)))
        }
        if run.outputs == nil, run.warnings == nil, run.state.isFinal, run.attempts.last?.exitCode != nil {
            pairs.append(("outputs", .init("none: no ::set line, no result file", .quiet)))
        }
        return pairs + (run.warnings ?? []).map { ("warning", .init($0, .warning)) }
    }

    /// What the parts of a fire told under names, a line for each of them; JSON output has all.
    private static func told(by parts: PartsPayload) -> [(name: String, value: Table.Cell)] {
        let telling = parts.runs.filter { $0.outputs != nil }
        var pairs = telling.prefix(partsMax).map { part -> (name: String, value: Table.Cell) in
            let texts = (part.outputs ?? [:]).sorted { $0.key < $1.key }.map {
                "\($0.key)=\(cut($0.value.plainText))"
            }
            // The number of an agent's part says nothing to people.
            let agent = TaskPart.isAgent(part.part) ? part.agent?.text : nil
            let name = part.shard ?? agent ?? String(part.part)
            return (name: "part output", value: Table.Cell("\(name): \(texts.joined(separator: ", "))"))
        }
        let hidden = max(0, telling.count - partsMax) + (parts.outputsLeftOut ?? 0)
        if hidden > 0 {
            let text = "\(hidden) more parts told something: 'cloudtask run get' of each of them says what"
            pairs.append((name: "part output", value: Table.Cell(text, .quiet)))
        }
        return pairs
    }

    /// Parts whose outputs are shown.
    private static let partsMax = 100

    /// A value as far as it fits a few lines; JSON output has all of it.
    private static func cut(_ text: String) -> String {
        let shown = text.prefix(200)
        return shown.endIndex == text.endIndex ? text : shown + "… (\(text.utf8.count) bytes)"
    }

    private static func progress(_ progress: RunProgress) -> String {
        progress.percentText + (progress.text.map { " \($0)" } ?? "")
    }

    /// How a state is shown.
    static func tone(of state: RunState) -> Style.Tone? {
        switch state {
        case .succeeded: .good
        case .failed, .timedOut, .lost: .bad
        case .stopped, .missed: .warning
        case .skipped: .quiet
        default: nil
        }
    }

    /// The state, with the number of due instants when it is that of several.
    static func state(_ run: RunPayload) -> String {
        run.count > 1 ? "\(run.state.rawValue) ×\(run.count)" : run.state.rawValue
    }

    private static func lateness(_ run: RunPayload) -> String {
        run.attempts.first?.startedAt.map { TimeText.short(max(.zero, run.due.duration(to: $0))) } ?? "-"
    }

    private static func duration(_ attempt: AttemptPayload?, _ time: TimeText) -> String {
        guard let start = attempt?.startedAt else { return "-" }
        return TimeText.short(max(.zero, start.duration(to: attempt?.endedAt ?? time.now)))
    }

    private static func exit(_ attempt: AttemptPayload?) -> String {
        if let signal = attempt?.signal { return "sig \(signal)" }
        return attempt?.exitCode.map(String.init) ?? "-"
    }

    private static func trigger(_ run: RunPayload) -> String {
        run.trigger.rawValue
    }
}
