import Agent
import Domain
import Foundation
import Glibc

/// Turns orders into programs; scripts and plans become files.
struct ProgramMaker {
    private let environment: AttemptEnvironment
    private let configuration: RunnerConfiguration
    private let scripts: String

    /// Makes the folders of scripts and results and removes what a predecessor left in them.
    init(_ configuration: RunnerConfiguration, results: ResultFiles) throws {
        self.configuration = configuration
        environment = AttemptEnvironment(configuration, results)
        scripts = configuration.dataDirectory + "/scripts"
        for directory in [scripts, results.directory] {
            try Descriptor.makeDirectory(directory)
            for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
                try FileManager.default.removeItem(atPath: directory + "/" + name)
            }
        }
    }

    /// The program of an order, and the file that is to be removed after it: a script or a plan.
    func program(for order: LaunchOrder) throws(ExecutorError) -> (program: Program, script: String?) {
        let path = scripts + "/" + order.fire.attempt.description
        switch environment.action(of: order) {
        case .command(let words):
            return (program(words, order), nil)
        case .script(let text, let interpreter):
            try ScriptFile.write(text, to: path)
            let words = ScriptFile.words(path, interpreter: interpreter, shell: configuration.shell)
            return (program(words, order), path)
        case let action:
            return (
                try performing(action, order, plan: path + PerformerPlan.suffix), path + PerformerPlan.suffix
            )
        }
    }

    /// Removes the script or the plan of an attempt that is over.
    func remove(_ script: String?) {
        guard let script else { return }
        // One that stays behind is removed at the next start.
        for path in [script] + PerformerPlan.scripts(beside: script) { _ = unsafe unlink(path) }
    }

    /// The program that does what one process cannot.
    private func performing(
        _ action: TaskSpecification.Action,
        _ order: LaunchOrder,
        plan path: String
    ) throws(ExecutorError) -> Program {
        let plan = PerformerPlan(
            action: action,
            killGrace: order.specification.killGrace,
            shell: configuration.shell,
            plugins: configuration.plugins
        )
        try plan.write(to: path)
        var program = program(["cloudtask", "perform", path], order)
        program.candidates = [configuration.performer]
        program.endsItsChildren = true
        return program
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
}

/// A script as its interpreter finds it.
enum ScriptFile {
    /// Writes a script that its owner alone may read and execute.
    static func write(_ text: String, to path: String) throws(ExecutorError) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o700)
        defer { close(file) }
        try Descriptor.write(Array(text.utf8), to: file, name: path)
    }

    /// The words that execute a script.
    static func words(_ path: String, interpreter: [String], shell: String) -> [String] {
        (interpreter.isEmpty ? [shell, "-eu"] : interpreter) + [path]
    }
}
