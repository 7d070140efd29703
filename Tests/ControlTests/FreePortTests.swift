import Glibc
import Testing

@testable import Control

@Suite("Free ports") struct FreePortTests {
    @Test("a port is taken while somebody listens, and free as soon as nobody does, also after connections")
    func listening() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // As servers do: the kernel asks both who bound before and who binds now.
        var yes: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        let code = unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        #expect(code == 0)
        let bound = unsafe self.port(0) { address, length in
            unsafe bind(listener, address, length.pointee) == 0 ? getsockname(listener, address, length) : -1
        }
        let port = try #require(bound)
        #expect(listen(listener, 1) == 0)
        #expect(try await !FreePort.isFree(port))
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let connected = unsafe self.port(port) { address, length in
            unsafe connect(client, address, length.pointee)
        }
        #expect(connected == port)
        let accepted = accept(listener, nil, nil)
        // Who closes first is left with a connection that the kernel remembers for a minute.
        for descriptor in [accepted, client, listener] { #expect(close(descriptor) == 0) }
        #expect(try await FreePort.isFree(port))
    }

    /// The port that a loopback address has after a call with it; `nil` when that failed.
    private func port(
        _ wanted: Int,
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(wanted).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe withUnsafeMutablePointer(to: &length) { unsafe call(address, $0) }
            }
        }
        return code == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}
