import Scheduling

extension TaskSpecification {
    /// What is wrong with how its fires are split.
    var splitProblems: [ValidationProblem] {
        shardProblems + broadcastProblems + combinationProblems + shardFieldProblems + shardParameterProblems
    }

    private var shardProblems: [ValidationProblem] {
        guard let shards else { return [] }
        func problem(_ message: String, at index: Int? = nil) -> [ValidationProblem] {
            [.init(field: "shards" + (index.map { "[\($0)]" } ?? ""), message: message)]
        }
        guard (1...Shards.Limit.countMax).contains(shards.total) else {
            return problem(
                "shards must be a number from 1 to \(Shards.Limit.countMax), or a list of so many names, not \(shards.total): "
                    + "leave it out for a task that is not split"
            )
        }
        guard case .names(let names) = shards else { return [] }
        var seen: Set<String> = []
        for (index, name) in names.enumerated() {
            if name.allSatisfy(\.isWhitespace) {
                return problem(
                    "the name of shard \(index) is empty: give it one, or write a number of shards",
                    at: index
                )
            }
            if name.utf8.count > Shards.Limit.nameBytesMax || name.contains(where: \.isControl) {
                let limit = "\(Shards.Limit.nameBytesMax) bytes without control characters"
                return problem("the name of shard \(index) must have at most \(limit): shorten it", at: index)
            }
            if !seen.insert(name).inserted {
                return problem("two shards are called '\(name)': rename one", at: index)
            }
        }
        let size = names.reduce(0) { $0 + $1.utf8.count }
        guard size > Shards.Limit.namesBytesMax else { return [] }
        return problem(
            "the names have \(size) bytes, more than the \(Shards.Limit.namesBytesMax) allowed: shorten them"
        )
    }

    private var broadcastProblems: [ValidationProblem] {
        guard isBroadcast else { return [] }
        if shards != nil {
            let message =
                "a fire is split into shards or run on every agent, never both: remove shards or broadcast"
            return [.init(field: "broadcast", message: message)]
        }
        guard retry.agent == .other else { return [] }
        let message = "each agent makes the attempts of its own run of a broadcast: remove retry.agent: other"
        return [.init(field: "retry.agent", message: message)]
    }

    /// What neither the schedules of events nor `after` can do: one run follows from their causes, not several.
    private var combinationProblems: [ValidationProblem] {
        guard split != .whole else { return [] }
        let word = isBroadcast ? "broadcast" : "shards"
        if !after.edges.isEmpty {
            let message =
                "a task with \(word) cannot come after others: let a task without \(word) do so, or use schedules"
            return [.init(field: "after", message: message)]
        }
        for (index, schedule) in schedules.enumerated() {
            let key: String
            switch schedule.timing {
            case .afterCompletion: key = "afterCompletion"
            case .onAgentStart: key = "onAgentStart"
            default: continue
            }
            let message =
                "a task with \(word) cannot have '\(key)', which one run follows: use another schedule"
            return [.init(field: "schedules[\(index)]", message: message)]
        }
        return []
    }

    /// Templates with shards in a task that has none.
    private var shardFieldProblems: [ValidationProblem] {
        guard shards == nil else { return [] }
        return templateTexts.compactMap { field, text in
            // What is no template at all is told elsewhere.
            guard text.contains("${{"), let template = try? Template(text),
                template.fields.contains(where: \.isOfShard)
            else { return nil }
            let remedy = workflow == nil ? "add shards, or remove it" : "remove it"
            let message = "'${{ shard }}' stands for nothing in a task without shards: \(remedy)"
            return ValidationProblem(field: field, message: message)
        }
    }
}

extension Character {
    fileprivate var isControl: Bool {
        unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
