import Domain

/// The keys about what happens when a run is late, fails or would overlap another.
extension TaskReader {
    mutating func readMisfire(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        if let node = fields["startDeadline"] {
            places["startDeadline"] = node
            task.startDeadline = reader.duration(node, "startDeadline")
        }
        guard let node = fields["misfire"] else { return }
        if node.scalar != nil {
            task.misfire = Misfire(reader.choice(node, "misfire") ?? task.misfire.policy)
            return
        }
        guard
            let fields = Fields(
                node,
                keys: ["policy", "grace", "window", "cap"],
                path: "misfire",
                what: "a misfire policy",
                &reader
            )
        else { return }
        for key in ["grace", "window", "cap"] { places["misfire.\(key)"] = fields[key] }
        if let node = fields["policy"] {
            task.misfire.policy = reader.choice(node, "misfire.policy") ?? task.misfire.policy
        }
        if let node = fields["grace"] {
            task.misfire.grace = reader.duration(node, "misfire.grace") ?? task.misfire.grace
        }
        if let node = fields["window"] { task.misfire.window = reader.duration(node, "misfire.window") }
        if let node = fields["cap"] {
            task.misfire.cap = reader.integer(node, "misfire.cap", in: 1...Misfire.capMax) ?? task.misfire.cap
        }
    }

    mutating func readRetry(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        if let node = fields["totalTimeout"] {
            places["totalTimeout"] = node
            task.totalTimeout = reader.duration(node, "totalTimeout")
        }
        let keys = ["attempts", "delay", "backoff", "maxDelay", "jitter", "on", "exitCodes", "agent"]
        guard let node = fields["retry"],
            let fields = Fields(node, keys: keys, path: "retry", what: "a retry policy", &reader)
        else { return }
        for key in keys { places["retry.\(key)"] = fields[key] }
        guard let attempts = fields["attempts"] else {
            reader.refuse(
                node,
                "retry.attempts",
                "the retry policy does not say how often: add attempts: 3 for two more after the first"
            )
            return
        }
        var retry = Retry(
            attempts: reader.integer(attempts, "retry.attempts", in: 1...Retry.attemptsMax) ?? 1,
            delay: fields["delay"].flatMap { reader.duration($0, "retry.delay") } ?? Retry.delayDefault,
            maxDelay: fields["maxDelay"].flatMap { reader.duration($0, "retry.maxDelay") }
        )
        if let node = fields["backoff"] {
            retry.backoff = reader.choice(node, "retry.backoff") ?? retry.backoff
        }
        if let node = fields["agent"] { retry.agent = reader.choice(node, "retry.agent") ?? retry.agent }
        if let node = fields["jitter"] {
            retry.jitter = reader.fraction(node, "retry.jitter") ?? retry.jitter
        }
        if let node = fields["on"] {
            let elements = reader.elements(node, "retry.on", "a list such as [failed, timed-out]") ?? []
            retry.on = elements.enumerated().compactMap { index, element in
                cause(element, "retry.on[\(index)]", &reader)
            }
            // What could not be read is a problem of its own.
            if retry.on.isEmpty, !elements.isEmpty { retry.on = Retry.causesDefault }
        }
        if let node = fields["exitCodes"] {
            let elements = reader.elements(node, "retry.exitCodes", "a list of numbers such as [75]") ?? []
            let codes = elements.enumerated().compactMap { index, element in
                reader.integer(element, "retry.exitCodes[\(index)]", in: 1...255).map(Int32.init)
            }
            retry.exitCodes = codes.isEmpty && !elements.isEmpty ? nil : codes
        }
        task.retry = retry
    }

    private func cause(_ node: SourceNode, _ field: String, _ reader: inout FieldReader) -> Retry.Cause? {
        guard node.scalar?.text == AttemptOutcome.lost.rawValue else { return reader.choice(node, field) }
        let message =
            "\(field) cannot be 'lost', as what was lost may have run: write delivery: at-least-once beside retry, "
            + "and a lost attempt is made again at once"
        reader.refuse(node, field, message)
        return nil
    }

    mutating func readConcurrency(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        guard let node = fields["concurrency"] else { return }
        if let scalar = node.scalar {
            if case .number = scalar.meaning {
                let hint = "name the policy, as in {policy: allow, max: 3}"
                return reader.refuse(node, "concurrency", "concurrency cannot be a number: \(hint)")
            }
            task.concurrency = Concurrency(reader.choice(node, "concurrency") ?? task.concurrency.policy)
            return
        }
        let keys = ["policy", "max", "cap"]
        guard
            let fields = Fields(node, keys: keys, path: "concurrency", what: "a concurrency policy", &reader)
        else { return }
        for key in keys { places["concurrency.\(key)"] = fields[key] }
        if let node = fields["policy"] {
            guard let policy: Concurrency.Policy = reader.choice(node, "concurrency.policy") else { return }
            task.concurrency.policy = policy
        }
        if let node = fields["max"] {
            let range = 1...Concurrency.maxMax
            task.concurrency.max = reader.integer(node, "concurrency.max", in: range)
        }
        if let node = fields["cap"] {
            // Said of the default, too, which the validation of the whole cannot tell from nothing.
            guard task.concurrency.policy == .queueAll else {
                return reader.refuse(node, "concurrency.cap", Concurrency.capMisplaced)
            }
            let range = 1...Concurrency.capMax
            task.concurrency.cap = reader.integer(node, "concurrency.cap", in: range) ?? task.concurrency.cap
        }
    }
}
