import ZooKeeper

/// The bookkeeping of a session: which calls wait, which are with the C library, what is watched, where the session stands.
///
/// A call is `waiting → inFlight → finished`. Cancellation, a passed deadline and the end of the session answer the caller at
/// once; a call in flight then stays in the table without a caller until the library gives it back, since it may still
/// take effect and still counts against the limits.
///
/// A value behind a lock: it decides, its owner resumes callers after the lock is released.
struct SessionMachine: Sendable {
    /// Who waits for the outcome of a call.
    typealias Caller = CheckedContinuation<Outcome, Never>

    /// A caller and its outcome, to be brought together outside the lock.
    struct Answer: Sendable {
        var caller: Caller
        var outcome: Outcome

        func deliver() { caller.resume(returning: outcome) }
    }

    struct Call: Sendable {
        var request: Request
        var caller: Caller?
        var listener: WatchTable.Listener?
        var deadline: ContinuousClock.Instant
        /// Bytes reserved for ephemeral nodes and for a watch.
        var ephemeralBytes = 0
        var watchedBytes = 0
        /// Address of the retained box that the library holds; 0 while the call waits.
        var box: UInt = 0
    }

    /// Deadlines closer together than this are looked at together, since each look goes over all calls.
    private static let deadlineResolution = Duration.milliseconds(10)
    /// Tokens of answered calls tolerated in the queue besides as many as calls wait.
    private static let queueSlackMax = 1_024

    private let limits: ZooKeeperConfiguration.Limits
    private let chrootBytes: Int

    private(set) var calls: [UInt64: Call] = [:]
    /// Calls in order; also tokens of calls that were answered while they waited.
    private var waiting = TokenQueue()
    private var waitingCount = 0
    private var inFlightCount = 0
    private(set) var watches = WatchTable()
    private var watchedBytesReserved = 0
    private(set) var ephemerals = EphemeralLedger()

    private(set) var state = SessionState.connecting
    var identity: SessionIdentity?
    var negotiatedTimeout: Duration?
    var subscribers: [UInt64: AsyncStream<SessionState>.Continuation] = [:]

    /// The C handle as an integer; 0 before it is made and after it is given to the thread that closes it.
    var handle: UInt = 0
    var closing = Closing.open
    var closeWaiters: [CheckedContinuation<Void, Never>] = []

    /// Where the handle stands.
    ///
    /// `open → draining → running → done`.
    enum Closing: Sendable {
        /// The handle is usable or not yet made. Can transition to draining.
        case open
        /// The calls under way are waited for; no more are made. Can transition to running.
        case draining(handle: UInt)
        /// A thread closes the handle. Can transition to done.
        case running
        /// The library has forgotten the session. Final.
        case done
    }

    init(limits: ZooKeeperConfiguration.Limits, chrootBytes: Int) {
        self.limits = limits
        self.chrootBytes = chrootBytes
    }
}

// MARK: Calls

extension SessionMachine {
    /// Accepts a call; it waits until `nextToSend` returns its token.
    mutating func admit(_ call: consuming Call, token: UInt64) throws(ZooKeeperError) {
        try checkOpen()
        if waitingCount >= limits.requestsWaitingMax {
            throw exceeded("\(limits.requestsWaitingMax) requests wait already", call.request)
        }
        try reserve(&call)
        calls[token] = call
        waiting.append(token)
        waitingCount += 1
    }

    /// Fails when the session can take no more calls.
    func checkOpen() throws(ZooKeeperError) {
        switch state {
        case .expired: throw ZooKeeperError(.sessionExpired)
        case .authenticationFailed: throw ZooKeeperError(.authenticationFailed)
        case .closed: throw ZooKeeperError(.closed)
        case .connecting, .connected, .suspended: return
        }
    }

    /// The next call to give to the library; `nil` when none waits or enough are in flight.
    mutating func nextToSend() -> (token: UInt64, request: Request)? {
        while inFlightCount < limits.requestsInFlightMax, let token = waiting.popFirst() {
            guard let call = calls[token] else { continue }
            waitingCount -= 1
            return (token, call.request)
        }
        return nil
    }

    /// Notes that the library now holds `box` for the call.
    mutating func sent(_ token: UInt64, box: UInt) {
        calls[token]?.box = box
        inFlightCount += 1
    }

    /// Ends a call that the library gave back or refused; the answer is `nil` when the caller has left.
    mutating func finish(_ token: UInt64, _ outcome: Outcome) -> Answer? {
        guard let call = calls.removeValue(forKey: token) else { return nil }
        if call.box != 0 { inFlightCount -= 1 }
        watchedBytesReserved -= call.watchedBytes
        if call.ephemeralBytes > 0 || ephemerals.pathBytes > 0 {
            ephemerals.settle(call.request, reserved: call.ephemeralBytes, outcome: outcome)
        }
        if let watch = call.request.watch { register(watch, of: call, token, outcome) }
        return call.caller.map { Answer(caller: $0, outcome: outcome) }
    }

    /// Answers the caller now, whatever becomes of the request; `nil` when it was answered before.
    mutating func abandon(_ token: UInt64, _ code: ZooKeeperError.Code) -> Answer? {
        guard let call = calls[token], let caller = call.caller else { return nil }
        let error = ZooKeeperError(code, path: call.request.path?.text)
        if call.box == 0 {
            waitingCount -= 1
            defer { tidyQueue() }
            // Never sent, so its reservations are given back as after a refusal.
            let refused = ZooKeeperError(.runtimeInconsistency)
            return finish(token, .failure(refused)).map {
                Answer(caller: $0.caller, outcome: .failure(error))
            }
        }
        calls[token]?.caller = nil
        calls[token]?.listener = nil
        return Answer(caller: caller, outcome: .failure(error))
    }

    /// Bounds what answered calls leave in the queue, at a cost that does not grow with the queue for each of them.
    private mutating func tidyQueue() {
        if waiting.count > 2 * waitingCount + Self.queueSlackMax { waiting.keep { calls[$0] != nil } }
    }

    /// Answers every caller in the order of the calls.
    mutating func abandonAll(_ code: ZooKeeperError.Code) -> [Answer] {
        calls.keys.sorted().compactMap { abandon($0, code) }
    }

    /// Answers the callers whose deadline has passed and says when to look again.
    mutating func abandonOverdue(
        now: ContinuousClock.Instant,
        requestTimeout: Duration
    ) -> (answers: [Answer], next: ContinuousClock.Instant) {
        let overdue = calls.filter { $0.value.caller != nil && $0.value.deadline <= now }.keys.sorted()
        let answers = overdue.compactMap { abandon($0, .deadlineExceeded) }
        // A call that is issued later cannot be due before now + requestTimeout.
        let next =
            calls.values.filter { $0.caller != nil }.map(\.deadline).min() ?? now.advanced(by: requestTimeout)
        return (answers, max(next, now.advanced(by: Self.deadlineResolution)))
    }

    /// Forgets all calls, after the library has.
    mutating func removeAllCalls() {
        calls = [:]
        inFlightCount = 0
        watchedBytesReserved = 0
    }

    private mutating func reserve(_ call: inout Call) throws(ZooKeeperError) {
        let writeBytes = call.request.writeBytes
        if writeBytes > limits.writeBytesMax {
            throw exceeded("\(writeBytes) bytes in one write; at most \(limits.writeBytesMax)", call.request)
        }
        call.ephemeralBytes = ephemerals.cost(of: call.request)
        if call.ephemeralBytes > 0, ephemerals.pathBytes + call.ephemeralBytes > limits.ephemeralPathBytesMax
        {
            throw exceeded("\(limits.ephemeralPathBytesMax) bytes of ephemeral paths", call.request)
        }
        if let watch = call.request.watch, !watches.contains(watch.path, watch.kind) {
            call.watchedBytes = watch.path.text.utf8.count + chrootBytes
            if watchedBytes + call.watchedBytes > limits.watchedPathBytesMax {
                throw exceeded("\(limits.watchedPathBytesMax) bytes of watched paths", call.request)
            }
        }
        watchedBytesReserved += call.watchedBytes
        ephemerals.reserve(call.ephemeralBytes)
    }

    private func exceeded(_ what: String, _ request: Request) -> ZooKeeperError {
        ZooKeeperError(.limitExceeded, path: request.path?.text, detail: what)
    }

    /// Mirrors what the library did with the watch of a request when the reply came.
    private mutating func register(
        _ watch: (path: ZNodePath, kind: WatchTable.Kind),
        of call: Call,
        _ token: UInt64,
        _ outcome: Outcome
    ) {
        guard call.box != 0, case .success(let reply) = outcome else { return }
        if state.isFinal { return }
        let kind = if case .absent = reply { WatchTable.Kind.existence } else { watch.kind }
        watches.add(watch.path, kind, id: token, listener: call.listener)
    }
}

// MARK: Watches and states

extension SessionMachine {
    /// Bytes of watched paths, those of requests under way included, as the library sends them after a reconnect.
    var watchedBytes: Int { watches.pathBytes + watches.count * chrootBytes + watchedBytesReserved }

    /// Number of calls with the library and of calls that wait for their turn.
    var loads: (inFlight: Int, waiting: Int) { (inFlightCount, waitingCount) }

    /// Whether the handle is to be closed and the library holds no call any more.
    var isDrained: Bool {
        if case .draining = closing { inFlightCount == 0 } else { false }
    }

    /// Takes out the listeners of an event.
    mutating func fire(_ event: WatchEvent, at path: ZNodePath) -> [WatchTable.Listener] {
        watches.fire(event, at: path)
    }

    /// Drops a listener that nobody reads any more.
    mutating func forget(_ path: ZNodePath, listener id: UInt64) {
        watches.forget(path, id: id)
    }

    /// What is to be done after a change of state.
    struct StateChange: Sendable {
        var answers: [Answer] = []
        var ended: [WatchTable.Listener] = []
        var finished: [AsyncStream<SessionState>.Continuation] = []

        func carryOut() {
            for answer in answers { answer.deliver() }
            for listener in ended {
                listener.yield(.ended)
                listener.finish()
            }
            for subscriber in finished { subscriber.finish() }
        }
    }

    /// Moves to `next` unless the session is over, tells subscribers, and ends calls and watches when `next` is final.
    mutating func change(to next: SessionState) -> StateChange {
        if state.isFinal || state == next { return StateChange() }
        state = next
        let all = subscribers.sorted { $0.key < $1.key }.map(\.value)
        // Yielded under the lock, so that every subscriber sees the states in order.
        for subscriber in all { subscriber.yield(next) }
        guard next.isFinal else { return StateChange() }
        subscribers = [:]
        return StateChange(answers: abandonAll(next.endCode), ended: watches.removeAll(), finished: all)
    }
}

extension SessionState {
    /// The error of calls that a final state cuts off.
    fileprivate var endCode: ZooKeeperError.Code {
        switch self {
        case .expired: .sessionExpired
        case .authenticationFailed: .authenticationFailed
        case .closed, .connecting, .connected, .suspended: .closed
        }
    }
}
