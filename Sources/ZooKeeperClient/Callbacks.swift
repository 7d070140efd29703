import CZooKeeper
import ZooKeeper

// The functions that the library calls, on its completion thread. Each unwraps its context and calls one method. What
// their pointers refer to is valid only until they return, so everything is copied.

/// The default watcher of a handle: session events, and the events of all watches.
let sessionWatcher: watcher_fn = { handle, type, state, path, context in
    guard let context = unsafe context else { return }
    let core = unsafe Unmanaged<SessionCore>.fromOpaque(context).takeUnretainedValue()
    if type == ZOO_SESSION_EVENT {
        unsafe core.sessionChanged(to: state, handle)
    } else if let path = unsafe path {
        unsafe core.nodeChanged(type, String(cString: path))
    }
}

/// Completion of `delete`, `setACL`.
let voidCompletion: void_completion_t = { code, data in
    unsafe complete(code, data) { .done }
}

/// Completion of `set`.
let statCompletion: stat_completion_t = { code, stat, data in
    unsafe complete(code, data) { unsafe stat.map { unsafe .stat(ZNodeStat($0.pointee)) } }
}

/// Completion of `exists`, for which a missing node is an answer.
let existsCompletion: stat_completion_t = { code, stat, data in
    if code == ZNONODE.rawValue { return unsafe complete(ZOK.rawValue, data) { .absent } }
    unsafe complete(code, data) { unsafe stat.map { unsafe .stat(ZNodeStat($0.pointee)) } }
}

/// Completion of `get`.
let dataCompletion: data_completion_t = { code, value, length, stat, data in
    unsafe complete(code, data) {
        let bytes = unsafe [UInt8](
            UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : Int(max(0, length)))
        )
        return unsafe stat.map { unsafe .node(ZNode(data: bytes, stat: ZNodeStat($0.pointee))) }
    }
}

/// Completion of `create`.
let createCompletion: string_stat_completion_t = { code, path, stat, data in
    unsafe complete(code, data) {
        guard let path = unsafe path, let stat = unsafe stat,
            let path = try? unsafe ZNodePath(String(cString: path))
        else {
            // Not possible: the server appends only digits to a valid path. Reported as a malformed reply.
            return nil
        }
        return unsafe .created(path, ZNodeStat(stat.pointee))
    }
}

/// Completion of `children`.
let childrenCompletion: strings_stat_completion_t = { code, names, stat, data in
    unsafe complete(code, data) {
        guard let names = unsafe names, let stat = unsafe stat else { return nil }
        let list = unsafe UnsafeBufferPointer(start: names.pointee.data, count: Int(names.pointee.count))
        return unsafe .children(
            list.compactMap { unsafe $0.map { unsafe String(cString: $0) } },
            ZNodeStat(stat.pointee)
        )
    }
}

/// Completion of `sync`.
let stringCompletion: string_completion_t = { code, _, data in
    unsafe complete(code, data) { .done }
}

/// Completion of `acl`.
let aclCompletion: acl_completion_t = { code, acl, stat, data in
    unsafe complete(code, data) {
        guard let acl = unsafe acl, let stat = unsafe stat else { return nil }
        return unsafe .acl(ACL(acl.pointee), ZNodeStat(stat.pointee))
    }
}

/// Completion of `multi`.
let multiCompletion: void_completion_t = { code, data in
    guard let data = unsafe data else { return }
    let box = unsafe Unmanaged<CallBox>.fromOpaque(data).takeRetainedValue()
    let outcome = box.multi?.outcome(code) ?? .failure(ZooKeeperError(.marshallingError))
    box.core.complete(box.token, outcome)
}

/// Takes the box back from the library and ends its call; `reply` is `nil` when the library's answer is malformed.
private func complete(_ code: Int32, _ data: UnsafeRawPointer?, _ reply: () -> Reply?) {
    guard let data = unsafe data else { return }
    let box = unsafe Unmanaged<CallBox>.fromOpaque(data).takeRetainedValue()
    guard code == ZOK.rawValue else {
        return box.core.complete(box.token, .failure(ZooKeeperError(.init(rawValue: code))))
    }
    box.core.complete(box.token, reply().map { .success($0) } ?? .failure(ZooKeeperError(.marshallingError)))
}

extension ZNodeStat {
    init(_ stat: CZooKeeper.Stat) {
        self.init(
            createdTransaction: stat.czxid,
            modifiedTransaction: stat.mzxid,
            childrenTransaction: stat.pzxid,
            createdMilliseconds: stat.ctime,
            modifiedMilliseconds: stat.mtime,
            version: stat.version,
            childrenVersion: stat.cversion,
            aclVersion: stat.aversion,
            ephemeralOwner: stat.ephemeralOwner,
            dataLengthBytes: stat.dataLength,
            childCount: stat.numChildren
        )
    }
}
