import Agent
import CProcess
import Domain
import Foundation
import Glibc

/// Turns orders into programs; scripts and plans become files.
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

    /// The program of an order, and the file that is to be removed after it: a script or a plan.
    ///
    /// Whoever takes it ends its terms.
    func program(for order: LaunchOrder) throws(StartFailure) -> (program: Program, script: String?) {
        var terms = try terms.terms(for: order.specification)
        let path = scripts + "/" + order.fire.attempt.description
        do throws(StartFailure) {
            let action = environment.action(of: order)
            if case .command = action {} else { try letRead(terms?.other) }
            return try program(action, order, terms, path)
        } catch {
            for path in [path, path + PerformerPlan.suffix] { remove(path) }
            terms?.end()
            throw error
        }
    }

    /// Removes the script or the plan of an attempt that is over.
    func remove(_ script: String?) {
        guard let script else { return }
        // One that stays behind is removed at the next start.
        for path in [script] + PerformerPlan.scripts(beside: script) { _ = unsafe unlink(path) }
    }

    /// Lets another user reach the files that it is given to execute.
    private func letRead(_ account: Account?) throws(StartFailure) {
        guard let account else { return }
        if let directory = account.obstacle(above: configuration.dataDirectory) {
            throw .refused(
                "user \(account.name) cannot reach the task's files: \(directory) lets nobody else pass; chmod o+x it, or keep the agent's data elsewhere"
            )
        }
        do throws(ExecutorError) {
            try Descriptor.letOthersPass([configuration.dataDirectory, scripts])
        } catch {
            throw StartFailure(error)
        }
    }

    private func program(
        _ action: TaskSpecification.Action,
        _ order: LaunchOrder,
        _ terms: StartTerms?,
        _ path: String
    ) throws(StartFailure) -> (program: Program, script: String?) {
        do throws(ExecutorError) {
            switch action {
            case .command(let words):
                return (try program(words, order, terms), nil)
            case .script(let text, let interpreter):
                try ScriptFile.write(text, to: path, for: terms?.other)
                let words = ScriptFile.words(path, interpreter: interpreter, shell: configuration.shell)
                return (try program(words, order, terms), path)
            case .phases, .http, .plugin:
                let plan = path + PerformerPlan.suffix
                return (try performing(action, order, terms, plan), plan)
            }
        } catch {
            throw StartFailure(error)
        }
    }

    /// The program that does what one process cannot.
    private func performing(
        _ action: TaskSpecification.Action,
        _ order: LaunchOrder,
        _ terms: StartTerms?,
        _ path: String
    ) throws(ExecutorError) -> Program {
        var terms = terms
        let plan = PerformerPlan(
            action: action,
            killGrace: order.specification.killGrace,
            shell: configuration.shell,
            plugins: configuration.plugins,
            limits: (terms?.limits ?? []).reduce(into: [:]) { $0[$1.resource] = $1.value }
        )
        // The limits of each process are those of what it starts; what only root may raise is raised before it is somebody else.
        terms?.limits.removeAll { !$0.isAboveOwn }
        try plan.write(to: path, for: terms?.other)
        var program = try program(["cloudtask", "perform", path], order, terms)
        program.candidates = [configuration.performer]
        program.endsItsChildren = true
        return program
    }

    private func program(
        _ words: [String],
        _ order: LaunchOrder,
        _ terms: StartTerms?
    ) throws(ExecutorError) -> Program {
        let name = words.first ?? ""
        var result: String?
        if let account = terms?.other {
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
}

/// A script as its interpreter finds it.
enum ScriptFile {
    /// Writes a script that its owner alone may read and execute: the account, or this process's.
    static func write(_ text: String, to path: String, for account: Account?) throws(ExecutorError) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o700)
        defer { close(file) }
        try Descriptor.write(Array(text.utf8), to: file, name: path)
        if let account { try Descriptor.give(file, to: account, name: path) }
    }

    /// The words that execute a script.
    static func words(_ path: String, interpreter: [String], shell: String) -> [String] {
        (interpreter.isEmpty ? [shell, "-eu"] : interpreter) + [path]
    }
}

extension ct_limit {
    /// Whether it is more than this process may have, so that only root may set it.
    fileprivate var isAboveOwn: Bool {
        var own = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(UInt32(resource)), &own) == 0 else { return false }
        return value > UInt64(own.rlim_max)
    }
}
