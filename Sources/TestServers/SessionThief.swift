import Glibc

/// Takes sessions over, of other processes too, to end them as their timeout would, but at once.
///
/// A server hands a session to whoever connects last with its id and password, and drops the connection of the one before. The password of a
/// session follows from its id (`ZooKeeperServer.generatePasswd`): it protects from mistakes, not from attackers.
public struct SessionThief: Sendable {
    /// Port of the server on loopback.
    private let port: UInt16

    /// Longest silence of a server before the thief gives up.
    private static let patienceSeconds = 10

    /// Prepares to rob a server at `127.0.0.1:port`; a chroot after it does not matter.
    public init(address: String) {
        let host = address.prefix { $0 != "/" }
        port = UInt16(host.split(separator: ":").last ?? "") ?? 0
    }

    /// Ends a session as its timeout would; `false` when there is no such session.
    public func expire(_ session: Int64) throws -> Bool {
        for attempt in 0..<Self.attemptsMax {
            let isEnded: Bool? = try connected { connection in
                switch try connection.steal(session) {
                // The owner may take it back before the reply to an end that was carried out.
                case .unknown: return attempt > 0
                case .takenBack: return nil
                case .stolen: return connection.closeSession() ? true : nil
                }
            }
            if let isEnded { return isEnded }
        }
        throw TestServerError.sessionSurvived
    }

    /// Attempts to end a session whose owner takes it back each time.
    private static let attemptsMax = 100

    private func connected<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &patience,
            socklen_t(MemoryLayout<timeval>.size)
        )
        guard code == 0 else { throw TestServerError.unreachable(port: Int(port)) }
        return try body(Connection(descriptor: descriptor, port: Int(port)))
    }

    /// The password that a server gives to a session: 16 bytes of Java's `Random`, seeded with the id and a constant.
    static func password(of session: Int64) -> [UInt8] {
        let mask: UInt64 = 1 << 48 - 1
        let multiplier: UInt64 = 0x5_DEEC_E66D
        var seed = (UInt64(bitPattern: session ^ 0xB341_5C00) ^ multiplier) & mask
        return (0..<4).flatMap { _ -> [UInt8] in
            seed = (seed &* multiplier &+ 0xB) & mask
            let word = UInt32(truncatingIfNeeded: seed >> 16)
            return (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
    }
}

extension SessionThief {
    /// The few packets of ZooKeeper's protocol that a thief needs.
    private struct Connection {
        let descriptor: Int32
        let port: Int

        private static let sessionTimeoutMilliseconds: Int32 = 4_000
        private static let closeSessionType: Int32 = -11

        /// What became of an attempt to take a session over.
        enum Theft {
            /// The session is the thief's.
            case stolen
            /// Its owner was so fast in taking it back that the thief never saw the reply.
            case takenBack
            /// The server knows no such session.
            case unknown
        }

        /// Connects as the owner of a session.
        func steal(_ session: Int64) throws -> Theft {
            let request =
                bytes(Int32(0)) + bytes(Int64(0)) + bytes(Self.sessionTimeoutMilliseconds) + bytes(session)
                + bytes(Int32(16)) + SessionThief.password(of: session) + [0]
            try send(request)
            // A server drops connections without a reply only in favour of another one of the same session.
            guard let reply = try? receive(), reply.count >= 16 else { return .takenBack }
            // Protocol version, timeout granted (0: no such session), session id.
            return reply[4..<8].contains { $0 != 0 } ? .stolen : .unknown
        }

        /// Ends the session; `false` when it was taken back before.
        func closeSession() -> Bool {
            do {
                try send(bytes(Int32(1)) + bytes(Self.closeSessionType))
                _ = try receive()
                return true
            } catch {
                return false
            }
        }

        private func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
            stride(from: Number.bitWidth - 8, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: number >> $0)
            }
        }

        private func send(_ payload: [UInt8]) throws {
            let packet = bytes(Int32(payload.count)) + payload
            let count = unsafe packet.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count == packet.count else { throw TestServerError.unreachable(port: port) }
        }

        private func receive() throws -> [UInt8] {
            let length = try receive(4).reduce(0) { $0 << 8 | Int($1) }
            return try receive(length)
        }

        private func receive(_ count: Int) throws -> [UInt8] {
            var received: [UInt8] = []
            while received.count < count {
                var buffer = [UInt8](repeating: 0, count: count - received.count)
                let got = unsafe buffer.withUnsafeMutableBytes {
                    unsafe read(descriptor, $0.baseAddress, $0.count)
                }
                guard got > 0 else { throw TestServerError.unreachable(port: port) }
                received += buffer.prefix(got)
            }
            return received
        }
    }
}
