public import Domain
public import Scheduling

/// A request to run a task now, or to repeat a run.
public struct RunRequest: Hashable, Sendable, Codable {
    /// The same key gives the same run, however often it is asked; drawn by the server when absent.
    public var key: String?
    /// Values of the task's parameters.
    public var parameters: [String: ParameterValue]?
    /// The instant the run is meant for, which `CLOUDTASK_DUE` says.
    ///
    /// It runs now all the same, or at the instant of `at`.
    public var due: Instant?
    /// When it is to start, at most a year ahead; absent for at once.
    public var at: Instant?
    /// Why.
    public var note: String?
    /// Who asks, in their own words.
    public var by: String?
    /// The name or the number of the only shard that is run; absent for all parts of the task.
    public var shard: String?

    /// Creates a request.
    public init(
        key: String? = nil,
        parameters: [String: String] = [:],
        due: Instant? = nil,
        at: Instant? = nil,
        note: String? = nil,
        by: String? = nil,
        shard: String? = nil
    ) {
        self.shard = shard
        self.at = at
        self.key = key
        self.parameters = parameters.isEmpty ? nil : parameters.mapValues(ParameterValue.init)
        self.due = due
        self.note = note
        self.by = by
    }

    /// What the run is given.
    public var terms: RunTerms {
        let values = (parameters ?? [:]).mapValues(\.text)
        return RunTerms(parameters: values, meantFor: due, startsAt: at, note: note, requestedBy: by)
    }
}

/// A request to make single fires of a task different.
public struct FireChangeRequest: Hashable, Sendable, Codable {
    /// What is to happen to a fire.
    public enum Action: String, Hashable, Sendable, Codable, CaseIterable {
        /// It is skipped.
        case skip
        /// It comes at another instant.
        case shift
        /// Its run is given values.
        case adjust
        /// It is as the schedules have it.
        case restore
    }

    /// What is to happen.
    public var action: Action
    /// The instant at which the fire is due; absent for the next one.
    public var due: Instant?
    /// How many fires, beginning with the next one; 1 unless given.
    public var count: Int?
    /// When it is to be due instead.
    public var to: Instant?
    /// The values.
    public var parameters: [String: ParameterValue]?
    /// Why.
    public var reason: String?
    /// Who asks, in their own words.
    public var author: String?

    /// Creates a request.
    public init(_ change: FireChange) {
        switch change.action {
        case .skip: action = .skip
        case .shift(let instant): (action, to) = (.shift, instant)
        case .adjust(let values): (action, parameters) = (.adjust, values.mapValues(ParameterValue.init))
        case .restore: action = .restore
        }
        due = change.due
        count = change.count == 1 ? nil : change.count
        reason = change.reason
        author = change.author
    }

    /// The change; `nil` when a shift does not say to when.
    public var change: FireChange? {
        let action: FireChange.Action
        switch self.action {
        case .skip: action = .skip
        case .adjust: action = .adjust((parameters ?? [:]).mapValues(\.text))
        case .restore: action = .restore
        case .shift:
            guard let to else { return nil }
            action = .shift(to: to)
        }
        return FireChange(action, due: due, count: count ?? 1, reason: reason, author: author)
    }
}
