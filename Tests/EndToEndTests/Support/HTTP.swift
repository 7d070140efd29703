import Foundation
import FoundationNetworking

/// An answer to a request.
struct HTTPAnswer: Sendable {
    var status: Int
    var body: String

    func json<T: Decodable>(_ type: T.Type) throws -> T {
        try JSONDecoder().decode(type, from: Data(body.utf8))
    }
}

/// Sends one request, as any program that is not ours would.
func http(
    _ method: String,
    _ url: String,
    token: String? = nil,
    headers: [String: String] = [:],
    body: String? = nil
) async throws -> HTTPAnswer {
    guard let target = URL(string: url) else { throw URLError(.badURL) }
    var request = URLRequest(url: target, timeoutInterval: 30)
    request.httpMethod = method
    if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    request.httpBody = body.map { Data($0.utf8) }
    let (data, response) = try await URLSession.shared.data(for: request)
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    return HTTPAnswer(status: status, body: String(decoding: data, as: UTF8.self))
}
