import Agent
import Domain
import Foundation
import Glibc

/// Turns orders into programs; scripts become files.
struct ProgramMaker {
    private let environment: AttemptEnvironment
    private let configuration: RunnerConfiguration
    private let scripts: String

    /// Makes the folder of scripts and removes what a predecessor left in it.
    init(_ configuration: RunnerConfiguration) throws {
        self.configuration = configuration
        environment = AttemptEnvironment(configuration)
        scripts = configuration.dataDirectory + "/scripts"
        try Descriptor.makeDirectory(scripts)
        for name in try FileManager.default.contentsOfDirectory(atPath: scripts).sorted() {
            try FileManager.default.removeItem(atPath: scripts + "/" + name)
        }
    }

    /// The program of an order, and the script file that is to be removed after it.
    func program(for order: LaunchOrder) throws(ExecutorError) -> (program: Program, script: String?) {
        switch order.specification.action {
        case .command(let words):
            return (program(environment.rendered(words, for: order), order), nil)
        case .script(let text):
            let path = scripts + "/" + order.fire.attempt.description
            try write(text, to: path)
            return (program([configuration.shell, "-eu", path], order), path)
        }
    }

    /// Removes the script of an attempt that is over.
    func remove(_ script: String?) {
        // One that stays behind is removed at the next start.
        if let script { _ = unsafe unlink(script) }
    }

    private func program(_ words: [String], _ order: LaunchOrder) -> Program {
        let name = words.first ?? ""
        return Program(
            name: name,
            candidates: environment.candidates(for: name, order),
            arguments: words.reduce(into: StringBlock()) { $0.append($1) },
            environment: environment.block(for: order),
            directory: configuration.workingDirectory
        )
    }

    private func write(_ text: String, to path: String) throws(ExecutorError) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(file) }
        try Descriptor.write(Array(text.utf8), to: file, name: path)
    }
}
