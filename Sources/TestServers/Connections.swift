import Foundation
import Glibc

/// The connections of this process, to be cut as a network would cut them.
public enum Connections {
    /// Shuts down every connection of this process to a port on loopback; returns how many there were.
    ///
    /// Only while nothing else of this process opens or closes files: between the look and the cut a descriptor must not become another's.
    @discardableResult
    public static func cut(to address: String) throws -> Int {
        let port = UInt16(address.split(separator: ":").last ?? "") ?? 0
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
            Int32($0)
        }
        return descriptors.count { peerPort($0) == port && shutdown($0, Int32(SHUT_RDWR)) == 0 }
    }

    private static func peerPort(_ descriptor: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getpeername(descriptor, address, &length)
            }
        }
        return code == 0 && address.sin_family == sa_family_t(AF_INET)
            ? UInt16(bigEndian: address.sin_port) : nil
    }
}
