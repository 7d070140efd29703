import Agent
import Domain
import Foundation
import Glibc

/// Turns orders into programs; scripts become files.
struct ProgramMaker {
    private let environment: AttemptEnvironment
    private let configuration: RunnerConfiguration
    private let terms: TermsMaker
    private let results: ResultFiles
    private let scripts: String

    /// Makes the folders of scripts and results and removes what a predecessor left in them.
    init(_ configuration: RunnerConfiguration, results: ResultFiles) throws {
        self.configuration = configuration
        self.results = results
        environment = AttemptEnvironment(configuration, results)
        terms = TermsMaker(configuration)
        scripts = configuration.dataDirectory + "/scripts"
        for directory in [scripts, results.directory] {
            try Descriptor.makeDirectory(directory)
            for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
                try FileManager.default.removeItem(atPath: directory + "/" + name)
            }
        }
    }

    /// The program of an order, and the script file that is to be removed after it.
    ///
    /// Whoever takes it ends its terms.
    func program(for order: LaunchOrder) throws(StartFailure) -> (program: Program, script: String?) {
        var terms = try terms.terms(for: order.specification)
        do throws(ExecutorError) {
            return try program(for: order, terms)
        } catch {
            terms?.end()
            throw error.isMomentary
                ? .busy(message: "\(error)") : .impossible(exitCode: nil, message: "\(error)")
        }
    }

    /// Removes the script of an attempt that is over.
    func remove(_ script: String?) {
        // One that stays behind is removed at the next start.
        if let script { _ = unsafe unlink(script) }
    }

    private func program(
        for order: LaunchOrder,
        _ terms: StartTerms?
    ) throws(ExecutorError) -> (program: Program, script: String?) {
        switch order.specification.action {
        case .command(let words):
            return (try program(environment.rendered(words, for: order), order, terms), nil)
        case .script(let text) where terms?.isOther == true:
            // It may not read our files.
            return (try program([configuration.shell, "-eu", "-c", text, "script"], order, terms), nil)
        case .script(let text):
            let path = scripts + "/" + order.fire.attempt.description
            try write(text, to: path)
            return (try program([configuration.shell, "-eu", path], order, terms), path)
        }
    }

    private func program(
        _ words: [String],
        _ order: LaunchOrder,
        _ terms: StartTerms?
    ) throws(ExecutorError) -> Program {
        let name = words.first ?? ""
        var result: String?
        if let terms, let account = terms.account, terms.isOther {
            result = try results.makeRoom(for: order.fire.attempt, account)
        }
        return Program(
            name: name,
            candidates: environment.candidates(for: name, order),
            arguments: words.reduce(into: StringBlock()) { $0.append($1) },
            environment: environment.block(for: order, as: terms?.account, result: result),
            directory: configuration.workingDirectory,
            mark: AttemptEnvironment.resultVariable + "=" + (result ?? results.path(of: order.fire.attempt)),
            terms: terms
        )
    }

    private func write(_ text: String, to path: String) throws(ExecutorError) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(file) }
        try Descriptor.write(Array(text.utf8), to: file, name: path)
    }
}
