public import Scheduling

/// Turns text into documents, or says everything that is wrong with it.
///
/// A text is YAML, several documents separated by `---`, or JSON: one object, several in a row, or a list of them.
public struct DocumentParser: Sendable {
    /// Largest text in bytes: 100,000 tasks of ordinary size take about 40 MB.
    public static let bytesMax = 64 * 1_024 * 1_024

    private let isValidating: Bool

    /// Creates a parser.
    ///
    /// - Parameter isValidating: Whether specifications must also be fit to be saved; their form is enough where only
    ///   names matter.
    public init(isValidating: Bool = true) {
        self.isValidating = isValidating
    }

    /// The documents of a text in their order; empty ones are left out.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - file: What to call it in messages.
    /// - Returns: The documents.
    /// - Throws: Everything that is wrong, when anything is.
    public func parse(_ text: String, file: String) throws(DocumentError) -> [Document] {
        var reader = FieldReader(file: file)
        guard text.utf8.count <= Self.bytesMax else {
            let message =
                "the file has \(text.utf8.count) bytes, more than the \(Self.bytesMax) allowed: split it"
            reader.refuse(line: 1, column: 1, "", message)
            throw DocumentError(problems: reader.problems)
        }
        var documents: [Document] = []
        for node in nodes(of: text, &reader) {
            if let document = document(node, &reader) { documents.append(document) }
        }
        let problems = (reader.problems + Self.duplicates(in: documents)).sorted { $0.location < $1.location }
        guard problems.isEmpty else { throw DocumentError(problems: problems) }
        return documents
    }

    /// The schedules a text describes: one, or a list of them.
    ///
    /// - Parameters:
    ///   - text: YAML or JSON, such as `{every: 90s}`.
    ///   - file: What to call it in messages.
    /// - Returns: The schedules.
    /// - Throws: Everything that is wrong, when anything is.
    public func schedules(_ text: String, file: String) throws(DocumentError) -> [Schedule] {
        var reader = FieldReader(file: file)
        let readings = nodes(of: text, &reader).enumerated().compactMap { index, node in
            ScheduleReader.read(node, "schedules[\(index)]", &reader)
        }
        guard reader.problems.isEmpty else { throw DocumentError(problems: reader.problems) }
        return readings.map(\.schedule)
    }

    /// A problem for every document that describes the same thing as one before it, for instance of several files.
    public static func duplicates(in documents: [Document]) -> [DocumentProblem] {
        var first: [String: SourceLocation] = [:]
        var problems: [DocumentProblem] = []
        for document in documents {
            let key = document.kind + "/" + document.name
            if let place = first[key] {
                let kind = document.kind.lowercased()
                let message =
                    "\(kind) \(document.name) is described twice, first at \(place): remove or rename one"
                problems.append(DocumentProblem(location: document.location, field: "name", message: message))
            } else {
                first[key] = document.location
            }
        }
        return problems
    }
}

extension DocumentParser {
    func nodes(of text: String, _ reader: inout FieldReader) -> [SourceNode] {
        if text.utf8.first(where: { $0 > 0x20 }).map({ $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") })
            == true
        {
            return nodesOfJSON(text, &reader)
        }
        return nodesOfYAML(text, &reader)
    }

    /// Reads JSON.
    ///
    /// What is not JSON may still be YAML in flow style; when it is neither, JSON's message is the one to give.
    private func nodesOfJSON(_ text: String, _ reader: inout FieldReader) -> [SourceNode] {
        var json = JSONReader(text)
        do throws(JSONReader.Failure) {
            return try json.readAll()
        } catch {
            var trial = FieldReader(file: reader.file)
            let nodes = nodesOfYAML(text, &trial)
            if trial.problems.isEmpty { return nodes }
            reader.refuse(line: error.line, column: error.column, "", "this is not JSON: \(error.message)")
            return []
        }
    }

    private func nodesOfYAML(_ text: String, _ reader: inout FieldReader) -> [SourceNode] {
        var yaml = YAMLReader()
        var nodes: [SourceNode] = []
        for outcome in yaml.readAll(text) {
            switch outcome {
            case .success(let node):
                if case .sequence(let elements) = node.content {
                    nodes += elements
                } else {
                    nodes.append(node)
                }
            case .failure(let failure):
                reader.refuse(line: failure.line, column: failure.column, "", failure.message)
            }
        }
        return nodes
    }

    private func document(_ node: SourceNode, _ reader: inout FieldReader) -> Document? {
        guard let kind = kind(of: node, &reader) else { return nil }
        let location = SourceLocation(file: reader.file, line: node.line, column: node.column)
        switch kind {
        case .task:
            guard var task = TaskReader(node, &reader),
                let specification = task.read(isValidated: isValidating, &reader)
            else { return nil }
            return .task(TaskDocument(specification: specification, location: location))
        case .calendar:
            guard let calendar = CalendarReader.read(node, isValidated: isValidating, &reader) else {
                return nil
            }
            return .calendar(CalendarDocument(calendar: calendar, location: location))
        case .pool:
            guard let pool = PoolReader.read(node, &reader) else { return nil }
            return .pool(PoolDocument(pool: pool, location: location))
        case .workflow:
            guard let workflow = WorkflowReader.read(node, isValidated: isValidating, &reader) else {
                return nil
            }
            return .workflow(WorkflowDocument(workflow: workflow, location: location))
        case .runtime:
            guard let read = RuntimeReader.read(node, &reader) else { return nil }
            return .runtime(
                RuntimeDocument(
                    settings: read.settings,
                    statesDrained: read.statesDrained,
                    location: location
                )
            )
        }
    }

    private func kind(of node: SourceNode, _ reader: inout FieldReader) -> Document.Kind? {
        guard case .mapping(let entries) = node.content else {
            return reader.mismatch(node, "a document", "a mapping that begins with kind: Task")
        }
        guard let value = entries.first(where: { $0.key.scalar?.text == "kind" })?.value else {
            reader.refuse(node, "kind", "the document has no kind: add kind: Task")
            return nil
        }
        return reader.choice(value, "kind")
    }
}
