import Scheduling

extension TaskSpecification: Codable {
    private enum Key: String, CodingKey {
        case name, runtime, group, labels, description, environment, process, parameters, schedules
        case timeout, killGrace, delivery, retry, totalTimeout, misfire, startDeadline, concurrency, priority
        case exclusive, pools, shards, broadcast, after, join, resident
        case placement, enabled, workflow
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let name = try container.decode(TaskID.self, forKey: .name)
        self.init(name: name, action: try Action(from: decoder))
        runtime = try container.decodeIfPresent(RuntimeID.self, forKey: .runtime) ?? runtime
        group = try container.decodeIfPresent(GroupID.self, forKey: .group) ?? group
        labels = try container.decodeIfPresent([String: String].self, forKey: .labels) ?? labels
        description = try container.decodeIfPresent(String.self, forKey: .description)
        environment =
            try container.decodeIfPresent([String: String].self, forKey: .environment) ?? environment
        process = try container.decodeIfPresent(ProcessSettings.self, forKey: .process) ?? process
        parameters = try container.decodeIfPresent([Parameter].self, forKey: .parameters) ?? parameters
        schedules = try container.decodeIfPresent([Schedule].self, forKey: .schedules) ?? schedules
        timeout = try container.decodeIfPresent(DurationText.self, forKey: .timeout)?.duration
        killGrace =
            try container.decodeIfPresent(DurationText.self, forKey: .killGrace)?.duration ?? killGrace
        delivery = try container.decodeIfPresent(Delivery.self, forKey: .delivery) ?? delivery
        retry = try container.decodeIfPresent(Retry.self, forKey: .retry) ?? retry
        totalTimeout = try container.decodeIfPresent(DurationText.self, forKey: .totalTimeout)?.duration
        misfire = try container.decodeIfPresent(Misfire.self, forKey: .misfire) ?? misfire
        startDeadline = try container.decodeIfPresent(DurationText.self, forKey: .startDeadline)?.duration
        concurrency = try container.decodeIfPresent(Concurrency.self, forKey: .concurrency) ?? Concurrency()
        demand = try UnitDemand(from: decoder)
        priority = try container.decodeIfPresent(Int.self, forKey: .priority) ?? priority
        if let written = try container.decodeIfPresent(WrittenShards.self, forKey: .shards) {
            (shards, shardParameters) = (written.shards, written.parameters)
        }
        isBroadcast = try container.decodeIfPresent(Bool.self, forKey: .broadcast) ?? isBroadcast
        after = Dependencies(
            try container.decodeIfPresent([Dependencies.Edge].self, forKey: .after) ?? [],
            join: try container.decodeIfPresent(Dependencies.Join.self, forKey: .join) ?? .all
        )
        if (try? container.decode(Bool.self, forKey: .resident)) != false {
            residency = try container.decodeIfPresent(Residency.self, forKey: .resident)
        }
        placement = try container.decodeIfPresent(Placement.self, forKey: .placement) ?? placement
        isEnabled = try container.decodeIfPresent(Bool.self, forKey: .enabled) ?? isEnabled
        workflow = try container.decodeIfPresent(WorkflowPlace.self, forKey: .workflow)
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(runtime, forKey: .runtime)
        try container.encode(group, forKey: .group)
        if !labels.isEmpty { try container.encode(labels, forKey: .labels) }
        try container.encodeIfPresent(description, forKey: .description)
        try action.encode(to: encoder)
        try container.encode(environment, forKey: .environment)
        if process != ProcessSettings() { try container.encode(process, forKey: .process) }
        if !parameters.isEmpty { try container.encode(parameters, forKey: .parameters) }
        try container.encode(schedules, forKey: .schedules)
        try container.encodeIfPresent(timeout.map(DurationText.init), forKey: .timeout)
        try container.encode(DurationText(killGrace), forKey: .killGrace)
        try container.encode(delivery, forKey: .delivery)
        if retry != Retry() { try container.encode(retry, forKey: .retry) }
        try container.encodeIfPresent(totalTimeout.map(DurationText.init), forKey: .totalTimeout)
        if misfire != Misfire() { try container.encode(misfire, forKey: .misfire) }
        try container.encodeIfPresent(startDeadline.map(DurationText.init), forKey: .startDeadline)
        if statedConcurrency != Concurrency() {
            try container.encode(statedConcurrency, forKey: .concurrency)
        }
        try demand.encode(to: encoder)
        if priority != 0 { try container.encode(priority, forKey: .priority) }
        try container.encodeIfPresent(WrittenShards(shards, shardParameters), forKey: .shards)
        if isBroadcast { try container.encode(isBroadcast, forKey: .broadcast) }
        if !after.edges.isEmpty { try container.encode(after.edges, forKey: .after) }
        if after.join != .all { try container.encode(after.join, forKey: .join) }
        try container.encodeIfPresent(residency, forKey: .resident)
        if !placement.isUnrestricted { try container.encode(placement, forKey: .placement) }
        try container.encode(isEnabled, forKey: .enabled)
        try container.encodeIfPresent(workflow, forKey: .workflow)
    }
}

extension Placement: Codable {
    private enum Key: String, CodingKey {
        case agents, labels, regions, zones
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            agents: try container.decodeIfPresent([AgentID].self, forKey: .agents) ?? [],
            labels: try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:],
            regions: try container.decodeIfPresent([String].self, forKey: .regions) ?? [],
            zones: try container.decodeIfPresent([String].self, forKey: .zones) ?? []
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if !agents.isEmpty { try container.encode(agents, forKey: .agents) }
        if !labels.isEmpty { try container.encode(labels, forKey: .labels) }
        if !regions.isEmpty { try container.encode(regions, forKey: .regions) }
        if !zones.isEmpty { try container.encode(zones, forKey: .zones) }
    }
}
