import Scheduling

extension TaskSpecification {
    /// What is wrong with what an attempt executes.
    var actionProblems: [ValidationProblem] { action.problems(at: "") + limitProblems }

    /// Limits of a request, which starts no process that could keep to them.
    private var limitProblems: [ValidationProblem] {
        guard case .http = action, !process.limits.isEmpty else { return [] }
        let message = "a request starts no process that could be limited: remove the limits"
        return [ValidationProblem(field: "process.limits", message: message)]
    }

    /// Why texts cannot be given to a program; empty when they can.
    static func textProblems(_ field: String, _ texts: [String], bytesMax: Int) -> [ValidationProblem] {
        let size = texts.reduce(0) { $0 + $1.utf8.count + 1 }
        if size > bytesMax {
            return [
                .init(
                    field: field,
                    message: "\(field) has \(size) bytes, more than the \(bytesMax) allowed; put it in a file"
                )
            ]
        }
        if texts.contains(where: { $0.utf8.contains(0) }) {
            return [
                .init(
                    field: field,
                    message: "\(field) contains a NUL character, which no program can receive; remove it"
                )
            ]
        }
        return []
    }
}

extension TaskSpecification.Action {
    /// What is wrong with it; fields begin with `path`, which is empty or ends with a dot.
    fileprivate func problems(at path: String) -> [ValidationProblem] {
        switch self {
        case .command(let words): Self.problems(ofCommand: words, path + "command")
        case .script(let text, let interpreter):
            Self.problems(ofScript: text, path + "script")
                + Self.problems(ofInterpreter: interpreter, path + "interpreter")
        case .phases(let phases): Self.problems(of: phases)
        case .http(let call): call.problems
        case .plugin(let call): call.problems
        }
    }

    private static func problems(ofCommand words: [String], _ field: String) -> [ValidationProblem] {
        if words.isEmpty || words[0].isEmpty {
            let message = "the command is empty; give a program and its arguments"
            return [.init(field: field, message: message)]
        }
        let bytesMax = TaskSpecification.Limit.actionBytesMax
        return TaskSpecification.textProblems(field, words, bytesMax: bytesMax)
    }

    private static func problems(ofScript text: String, _ field: String) -> [ValidationProblem] {
        if text.allSatisfy(\.isWhitespace) {
            return [.init(field: field, message: "the script is empty; give at least one command")]
        }
        let bytesMax = TaskSpecification.Limit.actionBytesMax
        return TaskSpecification.textProblems(field, [text], bytesMax: bytesMax)
    }

    private static func problems(ofInterpreter words: [String], _ field: String) -> [ValidationProblem] {
        if let first = words.first, first.isEmpty {
            return [.init(field: field, message: "the interpreter is empty; write one such as [python3, -u]")]
        }
        return TaskSpecification.textProblems(field, words, bytesMax: interpreterBytesMax)
    }

    private static func problems(of phases: Phases) -> [ValidationProblem] {
        phases.all.flatMap { name, phase -> [ValidationProblem] in
            let problems = phase.action.problems(at: name.rawValue + ".")
            guard let timeout = phase.timeout,
                timeout < .milliseconds(1) || timeout > TaskSpecification.Limit.timeoutMax
            else { return problems }
            let message = "the timeout of \(name.rawValue) must be between 1ms and 366d"
            return problems + [.init(field: name.rawValue + ".timeout", message: message)]
        } + sizeProblems(of: phases)
    }

    private static func sizeProblems(of phases: Phases) -> [ValidationProblem] {
        let size = phases.all.reduce(0) { $0 + $1.phase.action.textBytes }
        let bytesMax = TaskSpecification.Limit.actionBytesMax
        guard size > bytesMax else { return [] }
        let message =
            "the phases have \(size) bytes together, more than the \(bytesMax) allowed; put them in files"
        return [.init(field: "run", message: message)]
    }

    /// An interpreter and its options: it is a name, not a program of its own.
    private static let interpreterBytesMax = 4 * 1_024
}
