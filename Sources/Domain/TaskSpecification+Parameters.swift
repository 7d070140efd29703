extension TaskSpecification {
    /// The values of a run that is given none.
    public var parameterDefaults: [String: String] {
        var values: [String: String] = [:]
        for parameter in parameters { values[parameter.name] = parameter.defaultValue }
        return values
    }

    /// The terms of a part's run as it is launched: the given ones, completed by the values of its shard and the defaults; `nil` when
    /// there is nothing to say.
    public func launchTerms(_ given: RunTerms?, ofPart part: Int) -> RunTerms? {
        guard !parameters.isEmpty || given != nil else { return nil }
        var terms = given ?? RunTerms()
        let values = parameterDefaults.merging(shardValues(ofPart: part)) { $1 }
        terms.parameters = values.merging(terms.parameters) { $1 }
        return terms.isEmpty ? nil : terms
    }

    /// Everything that is wrong with the values that a run is given, sorted by parameter.
    ///
    /// - Parameters:
    ///   - values: The values, by parameter.
    ///   - isComplete: Whether they are all that the run is given; else what is required may come from elsewhere.
    /// - Returns: The problems; empty when the run may be made.
    public func problems(withValues values: [String: String], isComplete: Bool = true) -> [ValidationProblem]
    {
        var problems: [ValidationProblem] = []
        func add(_ name: String, _ message: String) {
            problems.append(ValidationProblem(field: "parameters.\(name)", message: message))
        }
        let known = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            if let fault = known[name]?.fault(of: value) {
                add(name, "parameter \(name) \(fault)")
            } else if known[name] == nil {
                let names = parameters.map(\.name).joined(separator: ", ")
                let hint = names.isEmpty ? "it has none" : "it has \(names)"
                add(name, "task \(self.name) has no parameter '\(name.prefix(80))': \(hint)")
            }
        }
        if isComplete {
            for parameter in parameters where parameter.isRequired && values[parameter.name] == nil {
                add(parameter.name, "parameter \(parameter.name) is required: give it a value")
            }
        }
        let size = parameterDefaults.merging(values) { $1 }.reduce(0) {
            $0 + $1.key.utf8.count + $1.value.utf8.count
        }
        if size > Parameter.Limit.bytesMax {
            let message =
                "the values have \(size) bytes together, more than the \(Parameter.Limit.bytesMax) allowed: name files"
            problems.append(ValidationProblem(field: "parameters", message: message))
        }
        return problems
    }

    /// Everything that is wrong with the parameters and the templates that use them.
    var parameterProblems: [ValidationProblem] {
        if parameters.count > Parameter.Limit.countMax {
            let message =
                "\(parameters.count) parameters are more than the \(Parameter.Limit.countMax) allowed: merge some"
            return [ValidationProblem(field: "parameters", message: message)]
        }
        var problems: [ValidationProblem] = []
        var variables: [String: String] = [:]
        for (index, parameter) in parameters.enumerated() {
            func add(_ key: String, _ message: String) {
                problems.append(ValidationProblem(field: "parameters[\(index)].\(key)", message: message))
            }
            for (key, message) in parameter.problems { add(key, message) }
            if let other = variables.updateValue(parameter.name, forKey: parameter.variable) {
                let clash =
                    other == parameter.name
                    ? "is given twice" : "and \(other) both become \(parameter.variable)"
                add("name", "parameter \(parameter.name) \(clash): rename one")
            }
            if parameter.isRequired, let (what, remedy) = unasked {
                add(
                    "required",
                    "\(what) gives parameter \(parameter.name) no value: give it a default instead, or remove \(remedy)"
                )
            }
        }
        return problems + templateProblems + (problems.isEmpty ? defaultsProblems : [])
    }

    /// What starts the task although nobody asks, and where it is said.
    private var unasked: (what: String, remedy: String)? {
        if !schedules.isEmpty { return ("a fire of a schedule", "the schedules") }
        // A step is given what the workflow's run was given.
        return after.edges.isEmpty || workflow != nil ? nil : ("the end of another task's run", "after")
    }

    private var defaultsProblems: [ValidationProblem] {
        problems(withValues: [:], isComplete: false)
    }

    private var templateProblems: [ValidationProblem] {
        templateTexts.flatMap { field, text in problems(ofTemplate: text, in: field) }
    }

    /// The texts that may be templates, each with the field it stands in.
    var templateTexts: [(field: String, text: String)] {
        action.templateTexts
            + environment.sorted { $0.key < $1.key }.map { ("environment.\($0.key)", $0.value) }
    }

    /// A template in a script, which the shell would take for a faulty variable: nothing is filled in there.
    ///
    /// What stands in single quotes is text, for other programs that have such places.
    var scriptTemplateProblems: [ValidationProblem] {
        switch action {
        case .script(let text, let interpreter):
            return Self.problem(ofScript: text, interpreter, "script").map { [$0] } ?? []
        case .phases(let phases):
            return phases.all.compactMap { name, phase in
                guard case .script(let text, let interpreter) = phase.work else { return nil }
                return Self.problem(ofScript: text, interpreter, name.rawValue + ".script")
            }
        case .command, .http, .plugin: return []
        }
    }

    private static func problem(
        ofScript text: String,
        _ interpreter: [String],
        _ field: String
    ) -> ValidationProblem? {
        // Other languages may well have such places of their own.
        guard text.contains("${{"), interpreter.first?.hasSuffix("sh") != false else { return nil }
        let unquoted = text.split(separator: "'", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined(separator: "''")
        guard let (name, used) = Template.firstField(in: unquoted) else { return nil }
        let instead =
            if case .parameter(let parameter) = used {
                "write \"$\(Parameter.variable(of: parameter))\""
            } else {
                "give the task a variable, environment: {VALUE: \"${{ \(name) }}\"}, and write \"$VALUE\""
            }
        let message =
            "nothing is filled into a script, so '${{ \(name) }}' is no variable of the shell: \(instead)"
        return ValidationProblem(field: field, message: message)
    }

    private func problems(ofTemplate text: String, in field: String) -> [ValidationProblem] {
        guard text.contains("${{") else { return [] }
        do throws(Template.Mistake) {
            return try Template(text).fields.compactMap { used in
                if case .output(let path) = used { return problem(ofOutput: path, in: field) }
                guard case .parameter(let name) = used else { return nil }
                guard let parameter = parameters.first(where: { $0.name == name }) else {
                    return ValidationProblem(
                        field: field,
                        message:
                            "'${{ parameters.\(name) }}' names no parameter of the task: add it to parameters"
                    )
                }
                guard parameter.defaultValue == nil, !parameter.isRequired else { return nil }
                let message =
                    "parameter \(name) is used here and may have no value: give it a default or required: true"
                return ValidationProblem(field: field, message: message)
            }
        } catch {
            return [ValidationProblem(field: field, message: error.message)]
        }
    }

    private func problem(ofOutput path: String, in field: String) -> ValidationProblem? {
        guard output(named: path) == nil else { return nil }
        return ValidationProblem(
            field: field,
            message:
                "'${{ after.\(path.prefix(140)) }}' names no output of a task that this one comes after: add the task to after"
        )
    }
}
