public import Foundation

/// How payloads become JSON and back: sorted keys, instants as RFC 3339 text, bytes as base64.
public enum PayloadCoding {
    /// The JSON of `payload`.
    public static func encode(_ payload: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(payload)
    }

    /// The payload that `data` is the JSON of.
    public static func decode<Payload: Decodable>(_ type: Payload.Type, from data: Data) throws -> Payload {
        try JSONDecoder().decode(type, from: data)
    }
}
