import Foundation

/// Ends attempts that outlived their agent: one that was killed could not ask them to end.
///
/// They are known by their output, which still goes to the agent's logs.
struct Leftovers: Sendable {
    private let folders: [String]

    /// How long they may take to end after SIGTERM.
    private static let grace = Duration.seconds(2)
    /// Time between two looks.
    private static let interval = Duration.milliseconds(50)

    /// Looks after the agents with these data directories.
    init(dataDirectories: [String]) {
        folders = dataDirectories.map {
            URL(fileURLWithPath: $0).resolvingSymlinksInPath().path + "/logs/"
        }
    }

    /// Asks them to end, kills those that do not, and returns when none is left.
    func end() async {
        let start = ContinuousClock.now
        var asked: Set<Int32> = []
        while true {
            let left = processes()
            if left.isEmpty { return }
            let isOver = start.duration(to: .now) > Self.grace
            for process in left where isOver || asked.insert(process).inserted {
                kill(process, isOver ? SIGKILL : SIGTERM)
            }
            // Who cannot even be killed hangs in the kernel: nobody is helped by waiting.
            if start.duration(to: .now) > Self.grace * 2 { return }
            // Nothing here is ever cancelled before it has ended.
            try? await ContinuousClock().sleep(for: Self.interval)
        }
    }

    private func processes() -> [Int32] {
        // Without /proc nothing is known of other processes.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.sorted().filter { process in
            [1, 2].contains { writes($0, of: process) }
        }
    }

    private func writes(_ descriptor: Int, of process: Int32) -> Bool {
        let link = "/proc/\(process)/fd/\(descriptor)"
        // Processes end while they are looked at, and others' cannot be looked at.
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else {
            return false
        }
        return folders.contains { path.hasPrefix($0) }
    }
}
