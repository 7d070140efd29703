import Domain
import Payloads

/// A body with no other fields than the properties of its type: one that is misspelt must not pass for one that was left out.
protocol ClosedBody: Decodable {}

extension BackfillBody: ClosedBody {}
extension BackfillChange: ClosedBody {}
extension ChangeRequest: ClosedBody {}
extension FireChangeRequest: ClosedBody {}
extension OccasionRequest: ClosedBody {}
extension PauseRequest: ClosedBody {}
extension PoolRequest: ClosedBody {}
extension RunRequest: ClosedBody {}
extension RuntimePayload: ClosedBody {}
extension WorkflowDeletionRequest: ClosedBody {}

/// A body with what is in it besides its fields.
struct CheckedBody<Body: Decodable>: Decodable {
    let body: Body
    /// One for each field that it does not have.
    let problems: [ValidationProblem]

    init(from decoder: any Decoder) throws {
        let body = try Body(from: decoder)
        let fields = Mirror(reflecting: body).children.compactMap(\.label)
        let given = try decoder.container(keyedBy: FieldName.self).allKeys.map(\.stringValue)
        self.body = body
        problems = given.filter { !fields.contains($0) }.sorted().map { name in
            ValidationProblem(
                field: name,
                message: "'\(name)' is no field of this request: use \(Self.list(fields))"
            )
        }
    }

    private static func list(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "none" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}

private struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
