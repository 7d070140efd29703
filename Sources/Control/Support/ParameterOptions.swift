public import ArgumentParser

/// Values of a task's parameters.
public struct ParameterOptions: ParsableArguments, Sendable {
    @Option(
        name: [.customShort("p"), .customLong("param")],
        help: ArgumentHelp("A parameter's value; may repeat.", valueName: "name=value")
    )
    var param: [String] = []

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// The values by name, checked as far as this can be done without the task.
    func parameters() throws -> [String: String] {
        var values: [String: String] = [:]
        for pair in param {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw ValidationError("--param: '\(pair)' is not name=value")
            }
            let name = String(pair[..<equals])
            guard values.updateValue(String(pair[pair.index(after: equals)...]), forKey: name) == nil else {
                throw ValidationError("--param: '\(name)' is given twice; keep one")
            }
        }
        return values
    }
}
