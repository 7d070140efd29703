import Scheduling

extension Residency: Codable {
    private enum Key: String, CodingKey {
        case restart, probe
    }

    /// Decodes `true` or an object whose absent keys have their defaults; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        if let flag = try? decoder.singleValueContainer().decode(Bool.self) {
            guard flag else {
                let message = "false is not a residency: leave it out"
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: message)
                )
            }
            self.init()
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            restart: try container.decodeIfPresent(Restart.self, forKey: .restart) ?? Restart(),
            probe: try container.decodeIfPresent(HealthProbe.self, forKey: .probe)
        )
    }

    /// Encodes `true` when everything is as it is by default, else an object.
    public func encode(to encoder: any Encoder) throws {
        if self == Residency() {
            var container = encoder.singleValueContainer()
            return try container.encode(true)
        }
        var container = encoder.container(keyedBy: Key.self)
        if restart != Restart() { try container.encode(restart, forKey: .restart) }
        try container.encodeIfPresent(probe, forKey: .probe)
    }
}

extension Restart: Codable {
    private enum Key: String, CodingKey {
        case on, delay, maxDelay, resetAfter
    }

    /// Decodes an object whose absent keys have their defaults; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func duration(_ key: Key) throws -> Duration? {
            try container.decodeIfPresent(DurationText.self, forKey: key)?.duration
        }
        self.init(
            on: try container.decodeIfPresent(Cause.self, forKey: .on) ?? .always,
            delay: try duration(.delay) ?? Self.delayDefault,
            maxDelay: try duration(.maxDelay),
            resetAfter: try duration(.resetAfter) ?? Self.resetDefault
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(on, forKey: .on)
        try container.encode(DurationText(delay), forKey: .delay)
        try container.encode(DurationText(maxDelay), forKey: .maxDelay)
        try container.encode(DurationText(resetAfter), forKey: .resetAfter)
    }
}

extension HealthProbe: Codable {
    private enum Key: String, CodingKey {
        case command, http, every, timeout, failures, startDelay
    }

    /// Decodes an object with a command or an address; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let command = try container.decodeIfPresent([String].self, forKey: .command)
        let address = try container.decodeIfPresent(String.self, forKey: .http)
        let check: Check
        switch (command, address) {
        case (let command?, nil): check = .command(command)
        case (nil, let address?): check = .http(address)
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .command,
                in: container,
                debugDescription: Self.choice
            )
        }
        func duration(_ key: Key) throws -> Duration? {
            try container.decodeIfPresent(DurationText.self, forKey: key)?.duration
        }
        self.init(
            check,
            every: try duration(.every) ?? Self.everyDefault,
            timeout: try duration(.timeout) ?? Self.timeoutDefault,
            failures: try container.decodeIfPresent(Int.self, forKey: .failures) ?? Self.failuresDefault,
            startDelay: try duration(.startDelay) ?? .zero
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch check {
        case .command(let words): try container.encode(words, forKey: .command)
        case .http(let address): try container.encode(address, forKey: .http)
        }
        try container.encode(DurationText(every), forKey: .every)
        try container.encode(DurationText(timeout), forKey: .timeout)
        try container.encode(failures, forKey: .failures)
        if startDelay > .zero { try container.encode(DurationText(startDelay), forKey: .startDelay) }
    }

    /// What a probe without an unambiguous question is told.
    package static let choice =
        "a probe asks with a command or over http, one of the two: write command: [pg_isready] or http: http://127.0.0.1:8080/health"
}
