import ArgumentParser
import Documents
import Domain

/// The forms documents are printed in.
enum DocumentForm: String, CaseIterable, ExpressibleByArgument, Sendable {
    case yaml, json
}

/// Prints documents that `apply` reads back.
struct DocumentText {
    let form: DocumentForm
    private var hasWritten = false

    init(_ form: DocumentForm) {
        self.form = form
    }

    /// Writes the document of a task.
    mutating func write(_ task: TaskSpecification) throws {
        switch form {
        case .yaml: write(try DocumentWriter.yaml(task))
        case .json: Terminal.writeLine(try DocumentWriter.json(task))
        }
    }

    /// Writes the document of a workflow.
    mutating func write(_ workflow: Workflow) throws {
        switch form {
        case .yaml: write(try DocumentWriter.yaml(workflow))
        case .json: Terminal.writeLine(try DocumentWriter.json(workflow))
        }
    }

    /// Writes the document of a runtime.
    mutating func write(_ runtime: RuntimeSettings) throws {
        switch form {
        case .yaml: write(try DocumentWriter.yaml(runtime))
        case .json: Terminal.writeLine(try DocumentWriter.json(runtime))
        }
    }

    /// Writes the document of a calendar.
    mutating func write(_ calendar: DayCalendar) throws {
        switch form {
        case .yaml: write(try DocumentWriter.yaml(calendar))
        case .json: Terminal.writeLine(try DocumentWriter.json(calendar))
        }
    }

    /// Writes the document of a pool.
    mutating func write(_ pool: Pool) throws {
        switch form {
        case .yaml: write(try DocumentWriter.yaml(pool))
        case .json: Terminal.writeLine(try DocumentWriter.json(pool))
        }
    }

    private mutating func write(_ yaml: String) {
        Terminal.write((hasWritten ? "---\n" : "") + yaml)
        hasWritten = true
    }
}
