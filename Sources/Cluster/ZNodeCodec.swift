import Foundation

/// Encodes payloads as znodes keep them: one JSON object, sorted keys, a schema version in `v`.
///
/// A payload that is not ours fails to decode with the path and the reason; it is never guessed at.
public enum ZNodeCodec {
    /// The schema version this build writes and the newest it reads.
    public static let version = 1

    /// Largest payload of one node in bytes (docs/architecture.md §5 keeps nodes and multis under 256 KiB).
    public static let payloadBytesMax = 256 * 1_024

    /// The bytes of a payload.
    public static func encode(_ payload: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(Versioned(v: version, payload: payload)))
    }

    /// The payload of a node's bytes.
    ///
    /// - Throws: `ZNodeFormatError` that names the path when the bytes are no payload of this kind.
    public static func decode<Payload: Decodable>(
        _ type: Payload.Type = Payload.self,
        from data: [UInt8],
        at path: String
    ) throws(ZNodeFormatError) -> Payload {
        do {
            let decoder = JSONDecoder()
            let version = try decoder.decode(VersionOnly.self, from: Data(data)).v
            guard version <= ZNodeCodec.version else {
                throw ZNodeFormatError(
                    path: path,
                    reason: "written by a newer version (\(version)); upgrade this process"
                )
            }
            return try decoder.decode(type, from: Data(data))
        } catch let error as ZNodeFormatError {
            throw error
        } catch {
            throw ZNodeFormatError(path: path, reason: "is not a \(type): \(error)")
        }
    }

    private struct VersionOnly: Decodable {
        let v: Int
    }

    /// Writes the payload's own keys and `v` into one object.
    private struct Versioned<Payload: Encodable>: Encodable {
        let v: Int
        let payload: Payload

        enum Key: String, CodingKey { case v }

        func encode(to encoder: any Encoder) throws {
            try payload.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(v, forKey: .v)
        }
    }
}

/// A node whose content is not what it should be.
public struct ZNodeFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The node.
    public var path: String
    /// What is wrong with it.
    public var reason: String

    /// Creates an error.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// The text that people and logs see.
    public var description: String { "znode \(path) \(reason)" }
}
