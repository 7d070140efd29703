import Agent
import Cluster
import Domain
import Executor
import Foundation
import Glibc
import Logging
import Scheduling
import Testing

/// A runner in a directory of its own, and what its events say.
struct World {
    let directory: String
    let runner: ProcessRunner
    let time: TimeSource
    private var iterator: AsyncStream<AttemptEvent>.Iterator
    private(set) var seen: [AttemptEvent] = []

    fileprivate init(
        directory: String,
        environment: [String: String]?,
        _ configure: (inout RunnerConfiguration) -> Void
    ) throws {
        self.directory = directory
        time = TimeSource(clock: ContinuousClock(), wall: { Instant(Date()) })
        var configuration = RunnerConfiguration(
            dataDirectory: directory,
            node: try #require(AgentID("agent-1")),
            workingDirectory: directory
        )
        if let environment { configuration.environment = environment }
        // Here this process is no cloudtask, which is beside it.
        let bundle = URL(filePath: CommandLine.arguments[0])
        configuration.performer =
            ProcessInfo.processInfo.environment["CLOUDTASK_BINARY"]
            ?? bundle.deletingLastPathComponent().appending(path: "cloudtask").path
        configure(&configuration)
        var log = Logger(label: "test")
        log.logLevel = .critical
        runner = try ProcessRunner(configuration, time: time, log: log)
        iterator = runner.events.makeAsyncIterator()
    }

    /// The next event; throws when there is none any more.
    mutating func next() async throws -> AttemptEvent {
        guard let event = await iterator.next(isolation: #isolation) else { throw Finished() }
        seen.append(event)
        return event
    }

    /// The result of an attempt, once it has ended; the events before it are kept in `seen`.
    mutating func result(of attempt: AttemptID) async throws -> AttemptResult {
        while true {
            if case .ended(let result) = try await next(), result.attempt == attempt { return result }
        }
    }

    /// Starts one order and waits for its end.
    mutating func run(_ order: LaunchOrder) async throws -> AttemptResult {
        await runner.start([order])
        return try await result(of: order.fire.attempt)
    }

    /// An order for a script.
    func script(
        _ number: Int,
        _ text: String,
        environment: [String: String] = [:],
        process: ProcessSettings = ProcessSettings()
    ) throws -> LaunchOrder {
        var order = try order(number, .script(text), environment: environment)
        order.specification.process = process
        return order
    }

    /// An order for a program.
    func command(_ number: Int, _ words: String...) throws -> LaunchOrder {
        try order(number, .command(words))
    }

    func order(
        _ number: Int,
        _ action: TaskSpecification.Action,
        environment: [String: String] = [:],
        parameters: [Parameter] = [],
        terms: RunTerms? = nil
    ) throws -> LaunchOrder {
        let uid = try #require(TaskUID("00000000000000a1"))
        let name = try #require(TaskID("nightly"))
        let due = Instant(millisecondsSinceEpoch: 1_767_225_600_000 + Int64(number))
        let run = RunID(FireKey(uid: uid, due: due))
        let fire = JournaledFire(
            attempt: AttemptID(run: run, number: 2),
            task: name,
            uid: uid,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: .launch,
            terms: terms
        )
        return LaunchOrder(
            fire: fire,
            specification: TaskSpecification(
                name: name,
                action: action,
                environment: environment,
                parameters: parameters
            ),
            notAfter: time.monotonic + .seconds(600),
            fence: FencingToken(transaction: 7, index: 2)
        )
    }

    /// Everything an attempt wrote to a stream.
    func log(_ order: LaunchOrder, _ stream: LogStream = .out) throws -> String {
        let path = runner.logFiles.path(of: order.fire.attempt, due: order.fire.due, stream)
        return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    /// What an attempt wrote to its errors, for messages of tests.
    func complaints(_ order: LaunchOrder) -> String { (try? log(order, .err)) ?? "nothing" }

    /// Makes a pipe with a name: what a process writes there tells the test how far it is.
    func pipe(_ name: String) throws -> String {
        let path = directory + "/" + name
        let made = unsafe mkfifo(path, 0o600)
        try #require(made == 0)
        return path
    }
}

/// There are no more events.
struct Finished: Error {}

/// Shell commands that wait for ever in the shell itself, where a trap can interrupt it: no child is involved.
func idle(_ pipe: String) -> String { "exec 5<> \(pipe); while :; do read never <&5 || :; done" }

/// Waits until somebody has written a line to the pipe.
func line(from pipe: String) throws -> String {
    let handle = try #require(FileHandle(forReadingAtPath: pipe))
    var bytes: [UInt8] = []
    while let byte = try handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
}

/// Waits until everybody who could write to the pipe is gone, and returns what was written.
func everything(from pipe: String) throws -> String {
    try everything(from: try #require(FileHandle(forReadingAtPath: pipe)))
}

/// What is written to the pipe until everybody who could is gone; without waiting for anybody who will.
func everything(from pipe: String, ifAnybodyWrites: Bool) throws -> String {
    if ifAnybodyWrites { return try everything(from: pipe) }
    return try everything(from: reader(of: pipe))
}

/// The reading end of a pipe, opened without waiting for anybody who writes: who opens it to write waits for nobody either.
func reader(of pipe: String) throws -> FileHandle {
    let descriptor = unsafe open(pipe, O_RDONLY | O_NONBLOCK)
    try #require(descriptor >= 0)
    try #require(fcntl(descriptor, F_SETFL, 0) == 0)
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
}

/// Waits until everybody who could write is gone, and returns what was written.
func everything(from reader: FileHandle) throws -> String {
    String(decoding: try reader.readToEnd() ?? Data(), as: UTF8.self)
}

/// Lends a runner, shut down afterwards.
func withRunner(
    environment: [String: String]? = nil,
    configure: (inout RunnerConfiguration) -> Void = { _ in },
    _ body: (inout World) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        try await withRunner(in: directory, environment: environment, configure: configure, body)
    }
}

/// Lends a runner that uses `directory`.
func withRunner(
    in directory: String,
    environment: [String: String]? = nil,
    configure: (inout RunnerConfiguration) -> Void = { _ in },
    _ body: (inout World) async throws -> Void
) async throws {
    var world = try World(directory: directory, environment: environment, configure)
    do {
        try await body(&world)
    } catch {
        await world.runner.shutDown(grace: .zero)
        throw error
    }
    await world.runner.shutDown(grace: .zero)
}

/// Lends a directory.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/executor-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
}
