import Scheduling

extension ProcessSettings: Codable {
    private enum Key: String, CodingKey {
        case workingDirectory, user, group, groups, umask, nice, io, limits
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            workingDirectory: try container.decodeIfPresent(String.self, forKey: .workingDirectory),
            user: try container.decodeIfPresent(String.self, forKey: .user),
            group: try container.decodeIfPresent(String.self, forKey: .group),
            groups: try container.decodeIfPresent([String].self, forKey: .groups),
            nice: try container.decodeIfPresent(Int.self, forKey: .nice),
            io: try container.decodeIfPresent(InputOutputClass.self, forKey: .io),
            limits: try container.decodeIfPresent(ProcessLimits.self, forKey: .limits) ?? ProcessLimits()
        )
        guard let text = try container.decodeIfPresent(String.self, forKey: .umask) else { return }
        guard let mask = Self.umask(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: .umask,
                in: container,
                debugDescription: "the umask must be octal, such as \"027\""
            )
        }
        umask = mask
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(workingDirectory, forKey: .workingDirectory)
        try container.encodeIfPresent(user, forKey: .user)
        try container.encodeIfPresent(group, forKey: .group)
        try container.encodeIfPresent(groups, forKey: .groups)
        try container.encodeIfPresent(umask.map(Self.text(ofUmask:)), forKey: .umask)
        try container.encodeIfPresent(nice, forKey: .nice)
        try container.encodeIfPresent(io, forKey: .io)
        if !limits.isEmpty { try container.encode(limits, forKey: .limits) }
    }
}

extension ProcessLimits: Codable {
    private enum Key: String, CodingKey {
        case memory, cpu, cpuTime, processes, openFiles, fileSize, core
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            memory: try container.decodeIfPresent(ByteSize.self, forKey: .memory),
            cpuThousandths: try container.decodeIfPresent(Double.self, forKey: .cpu).map(Self.thousandths),
            cpuTime: try container.decodeIfPresent(DurationText.self, forKey: .cpuTime)?.duration,
            processes: try container.decodeIfPresent(Int.self, forKey: .processes),
            openFiles: try container.decodeIfPresent(Int.self, forKey: .openFiles),
            fileSize: try container.decodeIfPresent(ByteSize.self, forKey: .fileSize),
            core: try container.decodeIfPresent(ByteSize.self, forKey: .core)
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(memory, forKey: .memory)
        try container.encodeIfPresent(cpuThousandths.map { Double($0) / 1_000 }, forKey: .cpu)
        try container.encodeIfPresent(cpuTime.map(DurationText.init), forKey: .cpuTime)
        try container.encodeIfPresent(processes, forKey: .processes)
        try container.encodeIfPresent(openFiles, forKey: .openFiles)
        try container.encodeIfPresent(fileSize, forKey: .fileSize)
        try container.encodeIfPresent(core, forKey: .core)
    }

    /// A number of cores in thousandths, as near as that is; no number of cores is 0.
    public static func thousandths(_ cores: Double) -> Int {
        cores > 0 && cores <= 1_000_000 ? Int((cores * 1_000).rounded()) : 0
    }
}
