import CZooKeeper
import Dispatch
import Logging
import Synchronization
import ZooKeeper

extension SessionCore {
    /// How long a close waits for the calls under way, in seconds.
    ///
    /// `zookeeper_close` forgets, and leaks, what it races with (ZOOKEEPER-2894). A server that answers does so much sooner; one that is
    /// silent is not waited for longer.
    private static let drainMax = 0.25

    /// Starts the library's session; called once.
    ///
    /// - Throws: `ZooKeeperError` with code `.hostsUnresolved` when no host name resolves.
    func open(resuming identity: SessionIdentity?) async throws(ZooKeeperError) {
        let opened = await withCheckedContinuation {
            (caller: CheckedContinuation<Result<Void, ZooKeeperError>, Never>) in
            blockingQueue.async {
                caller.resume(
                    returning: Result { () throws(ZooKeeperError) in try self.makeHandle(resuming: identity) }
                )
            }
        }
        try opened.get()
    }

    private func makeHandle(resuming identity: SessionIdentity?) throws(ZooKeeperError) {
        var client = clientid_t()
        if let identity {
            client.client_id = identity.id
            unsafe withUnsafeMutableBytes(of: &client.passwd) {
                unsafe $0.copyBytes(from: identity.password.prefix($0.count))
            }
        }
        let retained = unsafe Unmanaged.passRetained(self)
        let timeout = Int32(clamping: configuration.sessionTimeout.milliseconds)
        let flags = ZOO_NO_LOG_CLIENTENV
        let resumes = identity != nil
        let made = unsafe withUnsafePointer(to: &client) { client in
            unsafe zookeeper_init2(
                configuration.hosts,
                sessionWatcher,
                timeout,
                resumes ? client : nil,
                retained.toOpaque(),
                flags,
                forwardLog
            )
        }
        guard let made = unsafe made else {
            let number = cloudtask_zk_errno()
            unsafe retained.release()
            throw ZooKeeperError(
                .hostsUnresolved,
                detail: "no server of '\(configuration.hosts)' can be resolved (errno \(number))"
            )
        }
        unsafe prepare(made)
        let isOver = machine.withLock { machine in
            machine.handle = UInt(bitPattern: made)
            return machine.state.isFinal
        }
        if isOver { startClosing() }
    }

    private func prepare(_ handle: OpaquePointer) {
        // Without it the library resolves every name on each turn of its I/O loop (ZOOKEEPER-1998).
        unsafe zoo_set_servers_resolution_delay(handle, -1)
        // Only right after init: while disconnected the library refuses credentials. It re-sends them on every connection.
        for credential in configuration.credentials {
            let code = unsafe zoo_add_auth(
                handle,
                credential.scheme,
                credential.secret,
                Int32(credential.secret.utf8.count),
                nil,
                nil
            )
            if code != ZOK.rawValue {
                logger.debug(
                    "ZooKeeper credential refused",
                    metadata: ["zk.scheme": "\(credential.scheme)", "zk.code": "\(code)"]
                )
            }
        }
    }

    /// Makes the session final and waits until the library has forgotten it.
    func close() async {
        end(.closed)
        await withCheckedContinuation { waiter in
            let isDone = machine.withLock { machine in
                if case .done = machine.closing { return true }
                machine.closeWaiters.append(waiter)
                return false
            }
            if isDone { waiter.resume() }
        }
    }

    /// Makes the session final without waiting; every call and watch is ended.
    func end(_ state: SessionState) {
        machine.withLock { $0.change(to: state) }.carryOut()
        startClosing()
    }

    /// Lets the handle be closed once the library has given back the calls under way, or after `drainMax`.
    private func startClosing() {
        let isDrained = machine.withLock { machine -> Bool? in
            guard machine.handle != 0, case .open = machine.closing else { return nil }
            machine.closing = .draining(handle: machine.handle)
            machine.handle = 0
            return machine.isDrained
        }
        switch isDrained {
        case nil: return
        case true?: blockingQueue.async { self.closeHandle() }
        case false?:
            blockingQueue.asyncAfter(deadline: .now() + Self.drainMax) { [weak self] in self?.closeHandle() }
        }
    }

    /// Closes the handle unless that was begun; runs on the blocking queue, where no callback can be under way on this thread.
    func closeHandle() {
        let handle = machine.withLock { machine -> UInt? in
            guard case .draining(let handle) = machine.closing else { return nil }
            machine.closing = .running
            return handle
        }
        guard let handle else { return }
        let code = unsafe zookeeper_close(OpaquePointer(bitPattern: handle))
        logger.debug("ZooKeeper session closed", metadata: ["zk.code": "\(code)"])
        let (boxes, waiters) = machine.withLock { machine in
            machine.closing = .done
            defer { machine.closeWaiters = [] }
            return (machine.takeBoxes(), machine.closeWaiters)
        }
        for box in boxes { CallBox.release(box) }
        for waiter in waiters { waiter.resume() }
        unsafe Unmanaged.passUnretained(self).release()
    }
}

extension SessionMachine {
    /// Takes out the calls that the library never gave back; it no longer can.
    mutating func takeBoxes() -> [UInt] {
        defer { removeAllCalls() }
        return calls.values.map(\.box).filter { $0 != 0 }
    }
}

// MARK: Events

extension SessionCore {
    /// Called by the library's completion thread when the connection changes.
    func sessionChanged(to state: Int32, _ handle: OpaquePointer?) {
        logger.trace("ZooKeeper session event", metadata: ["zk.state": "\(state)"])
        switch state {
        case ZOO_CONNECTED_STATE, ZOO_READONLY_STATE: unsafe connected(handle)
        case ZOO_EXPIRED_SESSION_STATE: end(.expired)
        case ZOO_AUTH_FAILED_STATE: end(.authenticationFailed)
        default: disconnected()
        }
    }

    private func connected(_ handle: OpaquePointer?) {
        guard let handle = unsafe handle, let client = unsafe zoo_client_id(handle) else { return }
        let password = unsafe withUnsafeBytes(of: client.pointee.passwd) { unsafe [UInt8]($0) }
        let identity = unsafe SessionIdentity(id: client.pointee.client_id, password: password)
        let timeout = unsafe Duration.milliseconds(zoo_recv_timeout(handle))
        machine.withLock { machine in
            machine.identity = identity
            machine.negotiatedTimeout = timeout
            return machine.change(to: .connected(id: identity.id, timeout: timeout))
        }.carryOut()
    }

    private func disconnected() {
        machine.withLock { machine in
            machine.state.isConnected ? machine.change(to: .suspended) : .init()
        }.carryOut()
    }

    /// Called by the library's completion thread when a watch fires.
    func nodeChanged(_ type: Int32, _ path: String) {
        guard let event = WatchEvent(type: type), let path = try? ZNodePath(path) else {
            // Only our own validated paths are watched, and other event types (a removed watch) are never asked for.
            logger.debug("ZooKeeper event ignored", metadata: ["zk.type": "\(type)", "zk.path": "\(path)"])
            return
        }
        for listener in machine.withLock({ $0.fire(event, at: path) }) {
            listener.yield(event)
            listener.finish()
        }
    }
}

extension WatchEvent {
    fileprivate init?(type: Int32) {
        switch type {
        case ZOO_CREATED_EVENT: self = .created
        case ZOO_DELETED_EVENT: self = .deleted
        case ZOO_CHANGED_EVENT: self = .dataChanged
        case ZOO_CHILD_EVENT: self = .childrenChanged
        default: return nil
        }
    }
}

extension Duration {
    /// Whole milliseconds, saturating.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        return overflow ? (seconds > 0 ? .max : .min) : product + attoseconds / 1_000_000_000_000_000
    }
}
