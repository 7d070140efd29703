import ZooKeeper

/// The ephemeral nodes that a session owns or may own, to bound the bytes of their paths.
///
/// A node whose creation has an unknown outcome counts as created. A node that another session deletes stays counted
/// until this session sees it gone, so the sum is never too low.
struct EphemeralLedger: Sendable {
    /// Digits that the server appends to a sequential name.
    private static let counterBytes = 10

    private var owned: Set<String> = []

    /// Bytes of the paths, without the chroot.
    private(set) var pathBytes = 0

    /// Bytes that a request would add.
    func cost(of request: Request) -> Int {
        request.ephemerals.reduce(0) { sum, node in
            owned.contains(node.path.text)
                ? sum : sum + Self.bytes(node.path, isSequential: node.isSequential)
        }
    }

    /// Counts what a request is about to create.
    ///
    /// Every reservation is settled once.
    mutating func reserve(_ bytes: Int) {
        pathBytes += bytes
    }

    /// Turns the reservation of a finished request into what it created.
    mutating func settle(_ request: Request, reserved: Int, outcome: Outcome) {
        switch outcome {
        case .success(let reply):
            pathBytes -= reserved
            record(request, reply)
        case .failure(let error) where error.isOutcomeUnknown:
            settleUnknown(request, reserved: reserved)
        case .failure(let error):
            pathBytes -= reserved
            if error.code == .noNode, case .delete(let path, _) = request { remove(path) }
        }
    }

    private mutating func record(_ request: Request, _ reply: Reply) {
        switch (request, reply) {
        case (.create(_, _, .ephemeral, _), .created(let path, _)),
            (.create(_, _, .ephemeralSequential, _), .created(let path, _)):
            add(path)
        case (.delete(let path, _), _), (.exists(let path, _), .absent): remove(path)
        case (.multi(let operations), .results(let results)):
            for (operation, result) in zip(operations, results) { record(operation, result) }
        default: break
        }
    }

    private mutating func record(_ operation: Operation, _ result: OperationResult) {
        switch (operation, result) {
        case (.create(_, _, .ephemeral, _), .created(let path)),
            (.create(_, _, .ephemeralSequential, _), .created(let path)):
            add(path)
        case (.delete(let path, _), _): remove(path)
        default: break
        }
    }

    /// Keeps the reservation; nodes with a known name are counted by name, so that a retry does not count twice.
    private mutating func settleUnknown(_ request: Request, reserved: Int) {
        guard reserved > 0 else { return }
        pathBytes -= reserved
        for node in request.ephemerals {
            if node.isSequential {
                pathBytes += Self.bytes(node.path, isSequential: true)
            } else {
                add(node.path)
            }
        }
    }

    private mutating func add(_ path: ZNodePath) {
        if owned.insert(path.text).inserted { pathBytes += Self.bytes(path, isSequential: false) }
    }

    private mutating func remove(_ path: ZNodePath) {
        if owned.remove(path.text) != nil { pathBytes -= Self.bytes(path, isSequential: false) }
    }

    private static func bytes(_ path: ZNodePath, isSequential: Bool) -> Int {
        path.text.utf8.count + (isSequential ? counterBytes : 0)
    }
}
