import Cluster
import Domain
import Scheduling

extension CenterControl {
    func deleteTask(_ name: TaskID) async throws {
        try await change { leading in
            guard state.store.catalog.tasks[name] != nil else {
                throw CenterError.notFound(kind: "task", name: name.text)
            }
            let dependents = state.store.read { $0.dependents(of: name).map(\.name) }
            guard dependents.isEmpty else { throw DependencyCheck.refusal(to: name, dependents) }
            try await leading.catalogWriter.write([.delete(name)])
            try await leading.catalogWriter.forget([name])
        } rereading: { leading in
            try await leading.catalogWriter.reread([name])
        }
    }

    func checkSizes(_ definitions: [TaskDefinition]) throws {
        for definition in definitions where definition.mayBeLarge {
            let size = try ZNodeCodec.encode(definition).count
            guard size > ZNodeCodec.payloadBytesMax else { continue }
            throw CenterError.invalid([
                ValidationProblem(
                    field: definition.name.text,
                    message:
                        "task \(definition.name) takes \(size) bytes, more than the \(ZNodeCodec.payloadBytesMax) "
                        + "that are kept of one task; put its script or environment into a file, or split its calendars"
                )
            ])
        }
    }
}

extension TaskDefinition {
    /// Whether action, environment and description might exceed a node once they are escaped.
    fileprivate var mayBeLarge: Bool {
        let action =
            switch specification.action {
            case .command(let words): words.reduce(0) { $0 + $1.utf8.count }
            case .script(let text): text.utf8.count
            }
        let environment = specification.environment.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        let values = exceptions.reduce(0) { $0 + $1.parameters.reduce(512) { $0 + $1.value.utf8.count } }
        let calendars = 32 * supersededSchedules.reduce(self.calendars.count) { $0 + $1.calendars.count }
        let text = specification.description?.utf8.count ?? 0
        return action + environment + values + text + calendars > 16 * 1_024
            || specification.parameters.count > 8
    }
}
