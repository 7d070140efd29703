public import ZooKeeper

/// What an implementation of `ZooKeeperSession` provides so that the contract can be run against it.
public protocol ContractWorld: Sendable {
    /// Makes sessions that see one tree, empty at first.
    var connector: any ZooKeeperConnector { get }

    /// Ends a session as its timeout would.
    func expire(_ session: any ZooKeeperSession) async throws

    /// Lets the connections of all sessions fail, without ending the sessions, until `resume`.
    func suspend() async throws

    /// Lets sessions connect again.
    func resume() async throws
}

/// One promise of `ZooKeeperSession`, as a check.
public struct ContractCase: Sendable, CustomStringConvertible {
    /// The promise, as a sentence.
    public let description: String
    /// Whether the check suspends the whole world, so that it needs one of its own.
    public let isDisruptive: Bool
    private let body: @Sendable (any ContractWorld) async throws -> Void

    init(
        _ description: String,
        isDisruptive: Bool = false,
        _ body: @escaping @Sendable (any ContractWorld) async throws -> Void
    ) {
        self.description = description
        self.isDisruptive = isDisruptive
        self.body = body
    }

    /// Checks the promise.
    ///
    /// - Throws: `ContractViolation` when it is broken.
    public func run(in world: any ContractWorld) async throws { try await body(world) }
}

/// A promise that an implementation breaks.
public struct ContractViolation: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected.
    public let description: String
}

/// The promises of `ZooKeeperSession`; every implementation passes them all.
public enum SessionContract {
    /// All checks; they do not depend on each other but need an empty tree each.
    public static let cases: [ContractCase] = nodes + multis + watches + sessions
}

/// Fails the check unless `condition` holds.
func expect(_ condition: Bool, _ expectation: String) throws {
    if !condition { throw ContractViolation(description: expectation) }
}

/// Fails the check unless `body` throws an error with `code`; returns the error.
@discardableResult
func expectError<Value>(
    _ code: ZooKeeperError.Code,
    _ what: String,
    _ body: () async throws(ZooKeeperError) -> Value
) async throws -> ZooKeeperError {
    do throws(ZooKeeperError) {
        _ = try await body()
    } catch {
        try expect(error.code == code, "\(what) fails with '\(code)', not with '\(error.code)'")
        return error
    }
    throw ContractViolation(description: "\(what) fails with '\(code)', but it succeeded")
}

extension ContractWorld {
    /// Lends a connected session and closes it.
    func withSession<Value: Sendable>(_ body: (any ZooKeeperSession) async throws -> Value) async throws
        -> Value
    {
        let session = try await connector.connect(resuming: nil)
        let result: Result<Value, any Error>
        do {
            try await session.connected()
            result = .success(try await body(session))
        } catch {
            result = .failure(error)
        }
        await session.close()
        return try result.get()
    }
}

extension ZooKeeperSession {
    /// Waits for a state; fails the check when the session ends in another one.
    func reach(_ what: String, _ isReached: (SessionState) -> Bool) async throws {
        for await state in await states() where isReached(state) { return }
        throw ContractViolation(description: "the session reaches the state \(what)")
    }
}
