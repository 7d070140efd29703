import Cluster
import Domain
import Scheduling

extension CenterControl {
    func deleteTask(_ name: TaskID) async throws {
        try await change { leading in
            guard state.store.catalog.tasks[name] != nil else {
                throw CenterError.notFound(kind: "task", name: name.text)
            }
            try refuseSteps([name])
            let dependents = state.store.read { $0.dependents(of: name).map(\.name) }
            guard dependents.isEmpty else { throw DependencyCheck.refusal(to: name, dependents) }
            try await leading.catalogWriter.write([.delete(name)])
            try await leading.catalogWriter.forget([name])
        } rereading: { leading in
            try await leading.catalogWriter.reread([name])
        }
    }

    func checkSizes(_ definitions: [TaskDefinition]) throws {
        // Only what might exceed a node once its texts are escaped is encoded here as well.
        for definition in definitions where definition.estimatedBytes > 16 * 1_024 {
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
