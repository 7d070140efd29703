/// How to start a ZooKeeper server of one's own: which program, which jars, which configuration.
///
/// Pure: it starts nothing and writes nothing. Write `configuration(…)` to a file, run `java` with `arguments(…)`, then ask
/// the client port `ruok` until `isReady` accepts the reply.
public struct ZooKeeperLauncher: Hashable, Sendable {
    /// Path of the Java program.
    public var java: String
    /// Jars, or directories ending in `/*`.
    public var classPath: [String]

    /// Creates a launcher for a known installation.
    public init(java: String, classPath: [String]) {
        self.java = java
        self.classPath = classPath
    }

    /// The four-letter word that asks a server whether it is up.
    public static let readinessRequest = "ruok"

    /// Whether a reply to `readinessRequest` means that the server is up.
    public static func isReady(reply: String) -> Bool { reply.hasPrefix("imok") }
}

extension ZooKeeperLauncher {
    /// What is needed is not installed; the description says what to install.
    public struct Missing: Error, Hashable, Sendable, CustomStringConvertible {
        /// What was looked for.
        public var what: String

        /// A sentence for people.
        public var description: String {
            "\(what) not found: install ZooKeeper and Java (Debian: apt install zookeeper default-jre-headless), "
                + "or set ZOOKEEPER_HOME and JAVA_HOME"
        }
    }

    private static let debianJars = "/usr/share/java/"
    private static let debianRequired = ["zookeeper", "zookeeper-jute", "slf4j-api"]
    private static let debianOptional = [
        "slf4j-simple", "metrics-core", "snappy-java", "commons-cli", "netty-buffer", "netty-codec",
        "netty-common",
        "netty-handler", "netty-resolver", "netty-transport", "netty-transport-native-epoll",
        "netty-transport-native-unix-common",
    ]

    /// Finds Java and ZooKeeper.
    ///
    /// Looks at `JAVA_HOME` and `PATH`, and at `ZOOKEEPER_HOME` (Apache's archive) before Debian's packages.
    ///
    /// - Parameters:
    ///   - environment: The process's environment.
    ///   - exists: Whether a file exists.
    /// - Returns: A launcher for what was found.
    /// - Throws: `Missing` when Java or ZooKeeper is not installed.
    public static func locate(
        environment: [String: String],
        exists: (String) -> Bool
    ) throws(Missing) -> ZooKeeperLauncher {
        ZooKeeperLauncher(
            java: try locateJava(environment, exists),
            classPath: try locateJars(environment, exists)
        )
    }

    private static func locateJava(_ environment: [String: String], _ exists: (String) -> Bool)
        throws(Missing) -> String
    {
        let home = environment["JAVA_HOME"].map { [$0 + "/bin"] } ?? []
        let path = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map(
            String.init
        )
        guard let java = (home + path).map({ $0 + "/java" }).first(where: exists) else {
            throw Missing(what: "Java")
        }
        return java
    }

    private static func locateJars(_ environment: [String: String], _ exists: (String) -> Bool)
        throws(Missing) -> [String]
    {
        if let home = environment["ZOOKEEPER_HOME"] {
            guard exists(home + "/lib") else { throw Missing(what: "ZooKeeper in \(home)") }
            return [home + "/*", home + "/lib/*"]
        }
        let required = debianRequired.map { debianJars + $0 + ".jar" }
        guard required.allSatisfy(exists) else { throw Missing(what: "ZooKeeper") }
        return required + debianOptional.map { debianJars + $0 + ".jar" }.filter(exists)
    }
}

extension ZooKeeperLauncher {
    /// What kind of server to start.
    public struct Options: Hashable, Sendable {
        /// Where the server keeps its data; an absolute path to an existing directory.
        public var dataDirectory: String
        /// Loopback port for clients.
        public var clientPort: Int
        /// The server's unit of time: sessions last at least 2 of it.
        public var tickTime: Duration
        /// The longest session timeout granted; `nil` for 20 ticks.
        public var sessionTimeoutMax: Duration?
        /// Memory for the server's heap.
        public var heapMegabytes: Int
        /// Whether a write reaches the disk before it is acknowledged; off only where losing data is fine.
        public var writesReachDisk: Bool
        /// The members of the ensemble by number; empty for a single server.
        ///
        /// `dataDirectory/myid` must hold the own number.
        public var members: [Member]

        /// Creates options for a single server.
        public init(
            dataDirectory: String,
            clientPort: Int,
            tickTime: Duration = .seconds(2),
            sessionTimeoutMax: Duration? = nil,
            heapMegabytes: Int = 256,
            writesReachDisk: Bool = true,
            members: [Member] = []
        ) {
            self.dataDirectory = dataDirectory
            self.clientPort = clientPort
            self.tickTime = tickTime
            self.sessionTimeoutMax = sessionTimeoutMax
            self.heapMegabytes = heapMegabytes
            self.writesReachDisk = writesReachDisk
            self.members = members
        }
    }

    /// A member of an ensemble on this machine.
    public struct Member: Hashable, Sendable {
        /// The member's number.
        public var number: Int
        /// Port for the leader's followers.
        public var quorumPort: Int
        /// Port for leader election.
        public var electionPort: Int

        /// Creates a member.
        public init(number: Int, quorumPort: Int, electionPort: Int) {
            self.number = number
            self.quorumPort = quorumPort
            self.electionPort = electionPort
        }
    }

    /// The text of `zoo.cfg`.
    ///
    /// The server listens on loopback only.
    public func configuration(_ options: Options) -> String {
        let tick = Self.milliseconds(options.tickTime)
        let lines = [
            "dataDir=\(options.dataDirectory)",
            "clientPort=\(options.clientPort)",
            "clientPortAddress=127.0.0.1",
            "tickTime=\(tick)",
            "initLimit=25",
            "syncLimit=10",
            "maxClientCnxns=0",
            "admin.enableServer=false",
            "4lw.commands.whitelist=*",
            "autopurge.purgeInterval=1",
        ]
        let timeout = options.sessionTimeoutMax.map { ["maxSessionTimeout=\(Self.milliseconds($0))"] } ?? []
        let members = options.members.map {
            "server.\($0.number)=127.0.0.1:\($0.quorumPort):\($0.electionPort)"
        }
        return (lines + timeout + members).joined(separator: "\n") + "\n"
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }

    /// Java's arguments for a server that reads `configurationFile`.
    public func arguments(_ options: Options, configurationFile: String) -> [String] {
        let main = options.members.isEmpty ? "ZooKeeperServerMain" : "quorum.QuorumPeerMain"
        return [
            "-Xmx\(options.heapMegabytes)m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-Dzookeeper.extendedTypesEnabled=true",
            "-Dzookeeper.forceSync=\(options.writesReachDisk ? "yes" : "no")",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp", classPath.joined(separator: ":"),
            "org.apache.zookeeper.server.\(main)", configurationFile,
        ]
    }
}
