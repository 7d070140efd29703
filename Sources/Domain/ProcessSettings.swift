import Scheduling

/// How the processes of a task's attempts are set up: where and as whom they run, and within which limits.
///
/// What is absent is as the agent has it. The agent's machine decides whether it may be had (`AgentPolicy`).
public struct ProcessSettings: Hashable, Sendable {
    /// Where they run, an absolute path.
    public var workingDirectory: String?
    /// As whom, by name or number.
    public var user: String?
    /// In which group; of a task with a user, the user's own when it is absent.
    public var group: String?
    /// In which further groups; of a task with a user, the user's own when it is absent.
    public var groups: [String]?
    /// The rights that new files do not get, such as 0o027.
    public var umask: UInt16?
    /// How much others come first on a busy processor, from -20 to 19.
    public var nice: Int?
    /// How much others come first at a busy disk.
    public var io: InputOutputClass?
    /// What they may use.
    public var limits: ProcessLimits

    /// Creates settings; nothing is set unless something is said.
    public init(
        workingDirectory: String? = nil,
        user: String? = nil,
        group: String? = nil,
        groups: [String]? = nil,
        umask: UInt16? = nil,
        nice: Int? = nil,
        io: InputOutputClass? = nil,
        limits: ProcessLimits = ProcessLimits()
    ) {
        self.workingDirectory = workingDirectory
        self.user = user
        self.group = group
        self.groups = groups
        self.umask = umask
        self.nice = nice
        self.io = io
        self.limits = limits
    }
}

/// How much a process leaves the disk to others.
public enum InputOutputClass: String, Codable, Hashable, Sendable, CaseIterable {
    /// Gets the disk when nobody else wants it.
    case idle
    /// The last among those that share it.
    case low
    /// The first among those that share it.
    case high
}

/// What the processes of an attempt may use.
public struct ProcessLimits: Hashable, Sendable {
    /// Memory of all of them together.
    public var memory: ByteSize?
    /// Processor cores of all of them together, in thousandths.
    public var cpuThousandths: Int?
    /// Processor time of each.
    public var cpuTime: Duration?
    /// How many processes and threads there may be.
    public var processes: Int?
    /// Open files of each.
    public var openFiles: Int?
    /// The size of each file that they write.
    public var fileSize: ByteSize?
    /// The size of each core file that a crash leaves.
    public var core: ByteSize?

    /// Creates limits; none unless something is said.
    public init(
        memory: ByteSize? = nil,
        cpuThousandths: Int? = nil,
        cpuTime: Duration? = nil,
        processes: Int? = nil,
        openFiles: Int? = nil,
        fileSize: ByteSize? = nil,
        core: ByteSize? = nil
    ) {
        self.memory = memory
        self.cpuThousandths = cpuThousandths
        self.cpuTime = cpuTime
        self.processes = processes
        self.openFiles = openFiles
        self.fileSize = fileSize
        self.core = core
    }

    /// Whether nothing is limited.
    public var isEmpty: Bool { self == ProcessLimits() }

    /// The least memory: less than that no program starts with.
    public static let memoryMin = ByteSize(1 << 20)
    /// Cores, in thousandths.
    public static let cpuRange = 10...1_024_000
    /// Processes, threads and open files.
    public static let countRange = 1...4_194_304
}
