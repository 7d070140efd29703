import Center
import Domain
import Hummingbird
import Payloads

extension CenterOperations {
    /// The answer that tells the revisions of the calendar, workflow, pool or runtime in the path.
    func revisions(of kind: Definition.Kind, in query: Query) async throws -> Response {
        // Names of all kinds follow one rule.
        let name: TaskID = try query.pathName()
        let revisions = try await revisions(of: kind, named: name.text)
        return try .json(ListPayload(items: revisions.map(DefinitionRevisionPayload.init)))
    }
}
