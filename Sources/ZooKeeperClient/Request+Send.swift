import CZooKeeper
import ZooKeeper

extension Request {
    /// Gives the request to the library with `box` as the context of its completion; returns the library's code.
    ///
    /// The library copies what it needs before it returns, but for the memory of `box.multi`.
    func send(_ handle: UInt, _ box: CallBox) -> Int32 {
        let handle = unsafe OpaquePointer(bitPattern: handle)
        let data = unsafe UnsafeRawPointer(Unmanaged.passUnretained(box).toOpaque())
        return switch self {
        case .create(let path, let bytes, let mode, let acl):
            unsafe sendCreate(handle, path, bytes, mode, acl, data)
        case .delete(let path, let version):
            unsafe zoo_adelete(handle, path.text, version ?? -1, voidCompletion, data)
        case .exists(let path, let watch):
            unsafe zoo_aexists(handle, path.text, watch ? 1 : 0, existsCompletion, data)
        case .get(let path, let watch):
            unsafe zoo_aget(handle, path.text, watch ? 1 : 0, dataCompletion, data)
        case .set(let path, let bytes, let version):
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe zoo_aset(
                    handle,
                    path.text,
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(bytes.count),
                    version ?? -1,
                    statCompletion,
                    data
                )
            }
        case .children(let path, let watch):
            unsafe zoo_aget_children2(handle, path.text, watch ? 1 : 0, childrenCompletion, data)
        case .multi(let operations):
            unsafe sendMulti(handle, operations, box, data)
        case .sync(let path):
            unsafe zoo_async(handle, path.text, stringCompletion, data)
        case .acl(let path):
            unsafe zoo_aget_acl(handle, path.text, aclCompletion, data)
        case .setACL(let path, let acl, let version):
            unsafe acl.withVector { acl in
                unsafe zoo_aset_acl(
                    handle,
                    path.text,
                    version ?? -1,
                    UnsafeMutablePointer(mutating: acl),
                    voidCompletion,
                    data
                )
            }
        }
    }

    private func sendCreate(
        _ handle: OpaquePointer?,
        _ path: ZNodePath,
        _ bytes: [UInt8],
        _ mode: CreateMode,
        _ acl: ZooKeeper.ACL,
        _ data: UnsafeRawPointer
    ) -> Int32 {
        unsafe acl.withVector { acl in
            unsafe bytes.withUnsafeBytes { bytes in
                let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                let count = Int32(bytes.count)
                guard let lifetime = mode.timeToLive else {
                    return unsafe zoo_acreate2(
                        handle,
                        path.text,
                        start,
                        count,
                        acl,
                        mode.flags,
                        createCompletion,
                        data
                    )
                }
                return unsafe zoo_acreate2_ttl(
                    handle,
                    path.text,
                    start,
                    count,
                    acl,
                    mode.flags,
                    lifetime.milliseconds,
                    createCompletion,
                    data
                )
            }
        }
    }

    private func sendMulti(
        _ handle: OpaquePointer?,
        _ operations: [Operation],
        _ box: CallBox,
        _ data: UnsafeRawPointer
    ) -> Int32 {
        let buffers = MultiBuffers(operations)
        box.multi = buffers
        return unsafe zoo_amulti(
            handle,
            Int32(operations.count),
            buffers.operations,
            buffers.results,
            multiCompletion,
            data
        )
    }
}

extension CreateMode {
    /// The library's number for the mode.
    var flags: Int32 {
        switch self {
        case .persistent: ZOO_PERSISTENT
        case .persistentSequential: ZOO_PERSISTENT_SEQUENTIAL
        case .ephemeral: ZOO_EPHEMERAL
        case .ephemeralSequential: ZOO_EPHEMERAL_SEQUENTIAL
        case .container: ZOO_CONTAINER
        case .persistentTTL: ZOO_PERSISTENT_WITH_TTL
        case .persistentSequentialTTL: ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL
        }
    }

    /// How long the node outlives its last change; `nil` when the mode has no such end.
    var timeToLive: Duration? {
        switch self {
        case .persistentTTL(let lifetime), .persistentSequentialTTL(let lifetime): lifetime
        default: nil
        }
    }

    /// Whether the library can create such a node in a `multi`.
    var isPossibleInMulti: Bool {
        switch self {
        case .persistent, .persistentSequential, .ephemeral, .ephemeralSequential: true
        case .container, .persistentTTL, .persistentSequentialTTL: false
        }
    }
}
