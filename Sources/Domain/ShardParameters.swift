/// The values that shards give their runs: they stand with the names of the shards, and the names say whose they are.
extension TaskSpecification {
    /// The values that the runs of a part are given by its shard; empty for one that gives none.
    public func shardValues(ofPart part: Int) -> [String: String] {
        guard !shardParameters.isEmpty, let name = shards?.name(of: part) else { return [:] }
        return shardParameters[name] ?? [:]
    }

    /// Everything that is wrong with the values that runs of some parts are given, together with those of their shards.
    public func problems(withValues values: [String: String], ofParts parts: [Int]) -> [ValidationProblem] {
        guard !shardParameters.isEmpty else { return problems(withValues: values) }
        var found: [ValidationProblem] = []
        for part in parts {
            let all = shardValues(ofPart: part).merging(values) { $1 }
            for problem in problems(withValues: all) where !found.contains(problem) { found.append(problem) }
        }
        return found
    }

    /// What is wrong with the values that its shards give.
    var shardParameterProblems: [ValidationProblem] {
        guard !shardParameters.isEmpty, case .names(let names)? = shards else { return [] }
        var found: [ValidationProblem] = []
        for (index, name) in names.enumerated() {
            guard let values = shardParameters[name] else { continue }
            for problem in problems(withValues: values, isComplete: false) {
                let field = "shards[\(index)].\(problem.field)"
                found.append(ValidationProblem(field: field, message: "shard \(name): \(problem.message)"))
            }
        }
        let size = shardParameters.values.joined().reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        if size > Shards.Limit.parametersBytesMax {
            let message =
                "the values of the shards have \(size) bytes together, more than the \(Shards.Limit.parametersBytesMax) allowed: "
                + "name files"
            found.append(ValidationProblem(field: "shards", message: message))
        }
        return found
    }
}

/// Shards as they are written: a number, or a list of names, in which a name that has values of its own is an object.
struct WrittenShards: Codable {
    var shards: Shards
    var parameters: [String: [String: String]]

    init?(_ shards: Shards?, _ parameters: [String: [String: String]]) {
        guard let shards else { return nil }
        self.shards = shards
        self.parameters = parameters
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        parameters = [:]
        if let plain = try? container.decode(Shards.self) {
            // A list with objects in it is the other form: what is neither fails below.
            shards = plain
            return
        }
        let written = try container.decode([Shard].self)
        shards = .names(written.map(\.name))
        for shard in written where !shard.parameters.isEmpty { parameters[shard.name] = shard.parameters }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        guard !parameters.isEmpty, case .names(let names) = shards else {
            try container.encode(shards)
            return
        }
        try container.encode(names.map { Shard(name: $0, parameters: parameters[$0] ?? [:]) })
    }

    /// One shard: its name, or an object with that and its values.
    private struct Shard: Codable {
        var name: String
        var parameters: [String: String]

        private enum Key: String, CodingKey {
            case name, parameters
        }

        init(name: String, parameters: [String: String]) {
            self.name = name
            self.parameters = parameters
        }

        init(from decoder: any Decoder) throws {
            if let name = try? decoder.singleValueContainer().decode(String.self) {
                // An object is the other form: what is neither fails below.
                self.init(name: name, parameters: [:])
                return
            }
            let container = try decoder.container(keyedBy: Key.self)
            let values = try container.decodeIfPresent([String: ParameterValue].self, forKey: .parameters)
            self.init(
                name: try container.decode(String.self, forKey: .name),
                parameters: (values ?? [:]).mapValues(\.text)
            )
        }

        func encode(to encoder: any Encoder) throws {
            guard !parameters.isEmpty else {
                var container = encoder.singleValueContainer()
                try container.encode(name)
                return
            }
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(name, forKey: .name)
            try container.encode(parameters, forKey: .parameters)
        }
    }
}
