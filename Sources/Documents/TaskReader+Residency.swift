import Domain

/// The key that says that a task is kept running.
extension TaskReader {
    mutating func readResidency(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        guard let node = fields["resident"] else { return }
        places["resident"] = node
        if node.scalar != nil {
            task.residency = reader.bool(node, "resident") == true ? Residency() : nil
            return
        }
        let keys = ["restart", "probe"]
        guard let fields = Fields(node, keys: keys, path: "resident", what: "a residency", &reader) else {
            return
        }
        var residency = Residency()
        if let node = fields["restart"] { residency.restart = readRestart(node, &reader) }
        if let node = fields["probe"] { residency.probe = readProbe(node, &reader) }
        task.residency = residency
    }

    private mutating func readRestart(_ node: SourceNode, _ reader: inout FieldReader) -> Restart {
        let path = "resident.restart"
        let keys = ["on", "delay", "maxDelay", "resetAfter"]
        guard let fields = Fields(node, keys: keys, path: path, what: "a restart policy", &reader) else {
            return Restart()
        }
        for key in keys { places["\(path).\(key)"] = fields[key] ?? node }
        var restart = Restart(
            delay: fields["delay"].flatMap { reader.duration($0, "\(path).delay") } ?? Restart.delayDefault,
            maxDelay: fields["maxDelay"].flatMap { reader.duration($0, "\(path).maxDelay") }
        )
        if let node = fields["on"] { restart.on = reader.choice(node, "\(path).on") ?? restart.on }
        if let node = fields["resetAfter"] {
            restart.resetAfter = reader.duration(node, "\(path).resetAfter") ?? restart.resetAfter
        }
        return restart
    }

    private mutating func readProbe(_ node: SourceNode, _ reader: inout FieldReader) -> HealthProbe? {
        let path = "resident.probe"
        let keys = ["command", "http", "every", "timeout", "failures", "startDelay"]
        guard let fields = Fields(node, keys: keys, path: path, what: "a probe", &reader) else { return nil }
        for key in keys { places["\(path).\(key)"] = fields[key] ?? node }
        let check: HealthProbe.Check?
        switch (fields["command"], fields["http"]) {
        case (let command?, nil):
            check = reader.texts(command, "\(path).command", "a list of words such as [pg_isready]")
                .map { .command($0) }
        case (nil, let address?):
            check = reader.text(address, "\(path).http", "an address").map { .http($0) }
        default:
            reader.refuse(node, path, HealthProbe.choice)
            check = nil
        }
        // What stands in for a missing question is never returned: it lets the rest be looked at.
        var probe = HealthProbe(check ?? .command(["true"]))
        if let node = fields["every"] { probe.every = reader.duration(node, "\(path).every") ?? probe.every }
        if let node = fields["timeout"] {
            probe.timeout = reader.duration(node, "\(path).timeout") ?? probe.timeout
        }
        if let node = fields["failures"] {
            let range = HealthProbe.failuresRange
            probe.failures = reader.integer(node, "\(path).failures", in: range) ?? probe.failures
        }
        if let node = fields["startDelay"] {
            probe.startDelay = reader.duration(node, "\(path).startDelay") ?? probe.startDelay
        }
        return probe
    }
}
