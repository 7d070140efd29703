/// Which runs of other tasks a run comes after.
public struct Dependencies: Hashable, Sendable {
    /// How many of the runs it comes after have to end as they should.
    public enum Join: String, Codable, Hashable, Sendable, CaseIterable {
        /// All of them.
        case all
        /// The first that does.
        case any
    }

    /// One task it comes after, and how a run of it has to end.
    public struct Edge: Hashable, Sendable {
        /// The task.
        public var task: TaskID
        /// How a run of it has to end.
        public var condition: Condition

        /// Creates an edge.
        public init(_ task: TaskID, on condition: Condition = .succeeded) {
            self.task = task
            self.condition = condition
        }
    }

    /// How a run has to end for another to follow.
    public enum Condition: Hashable, Sendable {
        /// With exit code 0.
        case succeeded
        /// In any other way, for good.
        case failed
        /// In whatever way, having run.
        case finished
        /// With one of these exit codes.
        case exitCodes([Int32])
    }

    /// The tasks it comes after; empty for a task that comes after none.
    public var edges: [Edge]
    /// How many of them have to end as they should.
    public var join: Join

    /// Creates dependencies; by default none.
    public init(_ edges: [Edge] = [], join: Join = .all) {
        self.edges = edges
        self.join = join
    }

    /// Most tasks that one comes after: all are looked at when one of them ends.
    public static let edgesMax = 100
}

/// What the end of a run means to a task that comes after it.
public enum DependencyVerdict: String, Codable, Hashable, Sendable {
    /// It ended as it should.
    case met
    /// It did not end as it should, which keeps its follower from running.
    case failed
    /// It ended well, and its follower is there for failures only.
    case unneeded
}

extension Dependencies.Condition {
    /// What an end means; `nil` as the outcome stands for a run that was not launched.
    public func verdict(on outcome: AttemptOutcome?, exitCode: Int32?) -> DependencyVerdict {
        guard let outcome, outcome != .missed else { return .failed }
        let isMet =
            switch self {
            case .succeeded: outcome == .succeeded
            case .failed: outcome != .succeeded
            case .finished: true
            case .exitCodes(let codes): exitCode.map(codes.contains) ?? false
            }
        if isMet { return .met }
        return self == .failed ? .unneeded : .failed
    }
}

extension Dependencies {
    /// What is wrong with it, whatever other tasks there are.
    func problems(of task: TaskID) -> [ValidationProblem] {
        if edges.count > Self.edgesMax {
            let message = "the task comes after \(edges.count) tasks, more than the \(Self.edgesMax) allowed"
            return [ValidationProblem(field: "after", message: message + ": put a task in between")]
        }
        var seen: Set<TaskID> = []
        return edges.enumerated().compactMap { index, edge in
            func problem(_ key: String, _ message: String) -> ValidationProblem {
                ValidationProblem(field: "after[\(index)].\(key)", message: message)
            }
            if edge.task == task { return problem("task", "a task cannot come after itself: name another") }
            if !seen.insert(edge.task).inserted {
                return problem("task", "the task comes after \(edge.task) twice: remove one of the entries")
            }
            guard case .exitCodes(let codes) = edge.condition else { return nil }
            if codes.isEmpty {
                return problem("exitCodes", "the list of exit codes is empty: name one at least")
            }
            guard let code = codes.first(where: { !(0...255).contains($0) }) else { return nil }
            return problem("exitCodes", "\(code) is no exit code: write numbers from 0 to 255")
        }
    }
}

extension Dependencies.Edge: Codable {
    private enum Key: String, CodingKey {
        case task, on, exitCodes
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let task = try container.decode(TaskID.self, forKey: .task)
        if let codes = try container.decodeIfPresent([Int32].self, forKey: .exitCodes) {
            guard !container.contains(.on) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .on,
                    in: container,
                    debugDescription: "write on or exitCodes, never both"
                )
            }
            self.init(task, on: .exitCodes(codes))
            return
        }
        let name = try container.decodeIfPresent(String.self, forKey: .on) ?? "succeeded"
        guard let condition = Dependencies.Condition(named: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .on,
                in: container,
                debugDescription: "\"\(name)\" is not a condition; write succeeded, failed or finished"
            )
        }
        self.init(task, on: condition)
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(task, forKey: .task)
        switch condition {
        case .exitCodes(let codes): try container.encode(codes, forKey: .exitCodes)
        case .succeeded, .failed, .finished: try container.encode(condition.name, forKey: .on)
        }
    }
}

extension Dependencies.Condition {
    /// The condition of a name; `nil` for other names.
    public init?(named name: String) {
        switch name {
        case "succeeded": self = .succeeded
        case "failed": self = .failed
        case "finished": self = .finished
        default: return nil
        }
    }

    /// The condition in a word or two.
    public var name: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .finished: "finished"
        case .exitCodes(let codes): "exit code " + codes.map(String.init).joined(separator: " or ")
        }
    }
}
