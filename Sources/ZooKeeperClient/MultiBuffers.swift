import CZooKeeper
import ZooKeeper

/// The memory of one `multi`: the library keeps pointers into it until the completion.
///
/// Everything is allocated once and freed with the object: the operations, their strings and data, the results, the
/// stats of `set` and the names of created nodes.
@safe
final class MultiBuffers {
    /// Room for the counter of a sequential node and the terminating zero.
    private static let createdPathSlackBytes = 16

    private let requested: [Operation]
    let operations: UnsafeMutablePointer<zoo_op_t>
    let results: UnsafeMutablePointer<zoo_op_result_t>
    private var allocations: [UnsafeMutableRawPointer] = unsafe []
    private var acls: [ACLVector] = []

    init(_ operations: [Operation]) {
        requested = operations
        unsafe self.operations = .allocate(capacity: operations.count)
        unsafe results = .allocate(capacity: operations.count)
        unsafe self.operations.initialize(repeating: zoo_op_t(), count: operations.count)
        unsafe results.initialize(repeating: zoo_op_result_t(), count: operations.count)
        for (index, operation) in operations.enumerated() {
            unsafe fill(self.operations + index, results + index, operation)
        }
    }

    deinit {
        unsafe operations.deallocate()
        unsafe results.deallocate()
        unsafe allocations.forEach { unsafe $0.deallocate() }
    }

    private func fill(
        _ entry: UnsafeMutablePointer<zoo_op_t>,
        _ result: UnsafeMutablePointer<zoo_op_result_t>,
        _ operation: Operation
    ) {
        let path = unsafe copy(Array(operation.path.text.utf8) + [0])
        switch operation {
        case .create(_, let data, let mode, let acl):
            let vector = ACLVector(acl)
            acls.append(vector)
            let count = operation.path.text.utf8.count + Self.createdPathSlackBytes
            let created = unsafe copy([UInt8](repeating: 0, count: count))
            unsafe zoo_create_op_init(
                entry,
                path,
                copy(data),
                Int32(data.count),
                vector.pointer,
                mode.flags,
                created,
                Int32(count)
            )
        case .delete(_, let version):
            unsafe zoo_delete_op_init(entry, path, version ?? -1)
        case .set(_, let data, let version):
            let stat = UnsafeMutablePointer<CZooKeeper.Stat>.allocate(capacity: 1)
            unsafe stat.initialize(to: CZooKeeper.Stat())
            unsafe allocations.append(UnsafeMutableRawPointer(stat))
            unsafe zoo_set_op_init(entry, path, copy(data), Int32(data.count), version ?? -1, stat)
        case .check(_, let version):
            unsafe zoo_check_op_init(entry, path, version)
        }
        unsafe result.pointee.err = 0
    }

    private func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
        unsafe memory.copyMemory(from: bytes, byteCount: bytes.count)
        unsafe allocations.append(memory)
        return unsafe memory.bindMemory(to: CChar.self, capacity: max(1, bytes.count))
    }
}

extension MultiBuffers {
    /// What the library wrote, once the completion came with `code`.
    func outcome(_ code: Int32) -> Outcome {
        guard code == ZOK.rawValue else { return .failure(failure(code)) }
        var produced: [OperationResult] = []
        for (index, operation) in requested.enumerated() {
            guard let result = unsafe result(of: operation, results[index]) else {
                return .failure(ZooKeeperError(.marshallingError, path: operation.path.text))
            }
            produced.append(result)
        }
        return .success(.results(produced))
    }

    private func result(of operation: Operation, _ result: zoo_op_result_t) -> OperationResult? {
        switch operation {
        case .create:
            // The server appends only digits to a valid path, so a path that does not parse is a malformed reply.
            unsafe result.value.flatMap { unsafe try? ZNodePath(String(cString: $0)) }.map { .created($0) }
        case .delete: .deleted
        case .set: unsafe result.stat.map { unsafe .set(ZNodeStat($0.pointee)) }
        case .check: .checked
        }
    }

    /// The first operation that failed by itself; the others carry "not tried" or "rolled back".
    private func failure(_ code: Int32) -> ZooKeeperError {
        let inconsistency = ZooKeeperError.Code.runtimeInconsistency.rawValue
        let failed = requested.indices.first {
            unsafe results[$0].err != ZOK.rawValue && results[$0].err != inconsistency
        }
        guard let failed, unsafe results[failed].err == code else {
            return ZooKeeperError(.init(rawValue: code))
        }
        return ZooKeeperError(
            .init(rawValue: code),
            path: requested[failed].path.text,
            failedOperationIndex: failed
        )
    }
}
