import CZooKeeper
import Dispatch
import Logging
import Synchronization
import ZooKeeper

/// The part of a session that the C library's threads see: a handle, the table of calls, and a lock around both.
///
/// The library owns two threads per handle: one for I/O, one that calls us back, strictly in order. Every call into the
/// library happens under the lock: it only encodes a request and queues it, and this way no call can meet a handle that is
/// being closed, and calls reach the library in the order they were admitted. Callers and watchers are resumed outside the
/// lock. The handle is kept as an integer because a pointer cannot be shared between threads in safe Swift; the library
/// guarantees that the handle can.
///
/// The library retains the core from `open` until `zookeeper_close` has returned.
final class SessionCore: Sendable {
    /// Requests that this process has given to the library, over all sessions.
    static let requestCount = Atomic<UInt64>(0)

    let configuration: ZooKeeperConfiguration
    let logger: Logger
    let machine: Mutex<SessionMachine>
    /// Blocking calls (`zookeeper_init2` resolves names, `zookeeper_close` waits up to 4.5 s) get a thread of their own.
    let blockingQueue = DispatchQueue(label: "zookeeper.session")
    private let tokens = Atomic<UInt64>(1)

    init(configuration: ZooKeeperConfiguration, chroot: ZNodePath?, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        machine = Mutex(
            SessionMachine(limits: configuration.limits, chrootBytes: chroot?.text.utf8.count ?? 0)
        )
    }

    /// A number that is unique within the session.
    func nextToken() -> UInt64 {
        tokens.add(1, ordering: .relaxed).oldValue
    }
}

// MARK: Calls

extension SessionCore {
    /// Performs one request and returns exactly once: with the reply, or with the error that came first.
    func perform(_ request: Request, listener: WatchTable.Listener? = nil, token: UInt64)
        async throws(ZooKeeperError) -> Reply
    {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                issue(request, listener: listener, token: token, caller: caller)
            }
        } onCancel: {
            abandon(token, .cancelled)
        }
        return try outcome.get()
    }

    private func issue(
        _ request: Request,
        listener: WatchTable.Listener?,
        token: UInt64,
        caller: SessionMachine.Caller
    ) {
        let deadline = ContinuousClock.now.advanced(by: configuration.requestTimeout)
        let answers = machine.withLock { machine -> [SessionMachine.Answer] in
            // Looked at under the lock: a cancellation that comes later finds the call in the table.
            if Task.isCancelled {
                return [
                    .init(
                        caller: caller,
                        outcome: .failure(ZooKeeperError(.cancelled, path: request.path?.text))
                    )
                ]
            }
            let call = SessionMachine.Call(
                request: request,
                caller: caller,
                listener: listener,
                deadline: deadline
            )
            do throws(ZooKeeperError) {
                try machine.admit(call, token: token)
            } catch {
                return [.init(caller: caller, outcome: .failure(error))]
            }
            return send(&machine)
        }
        for answer in answers { answer.deliver() }
    }

    private func abandon(_ token: UInt64, _ code: ZooKeeperError.Code) {
        machine.withLock { $0.abandon(token, code) }?.deliver()
    }

    /// Called by the library's completion thread with the outcome of a call.
    func complete(_ token: UInt64, _ outcome: Outcome) {
        let (answers, isDrained) = machine.withLock { machine in
            let answer = machine.finish(token, outcome.mapError { explain($0, machine) })
            let answers = (answer.map { [$0] } ?? []) + send(&machine)
            return (answers, machine.isDrained)
        }
        if isDrained { blockingQueue.async { self.closeHandle() } }
        for answer in answers { answer.deliver() }
    }

    /// Gives waiting calls to the library while it may have more; returns the answers of those it refused.
    private func send(_ machine: inout SessionMachine) -> [SessionMachine.Answer] {
        var refused: [SessionMachine.Answer] = []
        while machine.handle != 0, let (token, request) = machine.nextToSend() {
            let box = CallBox(core: self, token: token)
            let address = unsafe UInt(bitPattern: Unmanaged.passRetained(box).toOpaque())
            machine.sent(token, box: address)
            SessionCore.requestCount.add(1, ordering: .relaxed)
            let code = request.send(machine.handle, box)
            guard code != ZOK.rawValue else { continue }
            CallBox.release(address)
            let error = explain(ZooKeeperError(.init(rawValue: code), path: request.path?.text), machine)
            if let answer = machine.finish(token, .failure(error)) { refused.append(answer) }
        }
        return refused
    }

    /// On a handle whose session is over, the library fails reads with -9 and a `multi` with -5: says what they mean.
    private func explain(_ error: ZooKeeperError, _ machine: SessionMachine) -> ZooKeeperError {
        guard error.code == .marshallingError || error.code == .invalidState, machine.handle != 0 else {
            return error
        }
        var explained = error
        switch unsafe zoo_state(OpaquePointer(bitPattern: machine.handle)) {
        case ZOO_EXPIRED_SESSION_STATE: explained.code = .sessionExpired
        case ZOO_AUTH_FAILED_STATE: explained.code = .authenticationFailed
        default: break
        }
        return explained
    }

    /// Answers overdue calls until the session is over; its only timer.
    func watchDeadlines() async {
        while true {
            let timeout = configuration.requestTimeout
            let (answers, next, isOver) = machine.withLock { machine in
                let (answers, next) = machine.abandonOverdue(now: .now, requestTimeout: timeout)
                return (answers, next, machine.state.isFinal)
            }
            for answer in answers { answer.deliver() }
            if isOver { return }
            do { try await ContinuousClock().sleep(until: next) } catch { return }
        }
    }
}

/// What the library holds for one call: retained when the call is sent, released when the library gives it back, or after
/// `zookeeper_close`, which forgets calls.
final class CallBox {
    let core: SessionCore
    let token: UInt64
    /// Memory that the library writes the results of a `multi` to.
    var multi: MultiBuffers?

    init(core: SessionCore, token: UInt64) {
        self.core = core
        self.token = token
    }

    /// Gives up the reference that an address stands for.
    static func release(_ address: UInt) {
        guard let pointer = unsafe UnsafeMutableRawPointer(bitPattern: address) else { return }
        unsafe Unmanaged<CallBox>.fromOpaque(pointer).release()
    }
}
