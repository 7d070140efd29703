import CZooKeeper
import ZooKeeper

/// An ACL in the library's form; its memory lives as long as the object.
@safe
final class ACLVector {
    /// The library's form; do not use it longer than the object lives.
    let pointer: UnsafeMutablePointer<CZooKeeper.ACL_vector>
    private let entries: UnsafeMutablePointer<CZooKeeper.ACL>
    private var strings: [UnsafeMutablePointer<CChar>] = unsafe []

    init(_ acl: ZooKeeper.ACL) {
        let count = acl.entries.count
        unsafe entries = .allocate(capacity: max(1, count))
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: CZooKeeper.ACL_vector(count: Int32(count), data: entries))
        for (index, entry) in acl.entries.enumerated() {
            let id = unsafe CZooKeeper.Id(scheme: copy(entry.scheme), id: copy(entry.id))
            unsafe (entries + index).initialize(to: CZooKeeper.ACL(perms: entry.permissions.rawValue, id: id))
        }
    }

    deinit {
        unsafe pointer.deallocate()
        unsafe entries.deallocate()
        unsafe strings.forEach { unsafe $0.deallocate() }
    }

    private func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe (memory + index).initialize(to: byte) }
        unsafe strings.append(memory)
        return unsafe memory
    }
}

extension ZooKeeper.ACL {
    /// Lends the ACL in the library's form.
    ///
    /// Do not escape the pointer.
    func withVector<Value>(_ body: (UnsafePointer<CZooKeeper.ACL_vector>?) -> Value) -> Value {
        if self == .open { return unsafe body(cloudtask_zk_open_acl()) }
        let vector = ACLVector(self)
        return withExtendedLifetime(vector) { unsafe body(vector.pointer) }
    }

    /// Copies an ACL that the library owns.
    init(_ vector: CZooKeeper.ACL_vector) {
        let entries = unsafe UnsafeBufferPointer(start: vector.data, count: Int(vector.count))
        self.init(
            unsafe entries.map { entry in
                unsafe Entry(
                    Permissions(rawValue: entry.perms),
                    scheme: String(cString: entry.id.scheme),
                    id: String(cString: entry.id.id)
                )
            }
        )
    }
}
