public import ArgumentParser
import Documents

/// The commands of this module, for the program to list beside its own.
public enum ControlCommands {
    /// Everything but `center` and `agent`, in the order of the help.
    public static let all: [any ParsableCommand.Type] = [
        UpCommand.self, ApplyCommand.self, DiffCommand.self, DeleteCommand.self, TaskCommand.self,
        RunCommand.self, BackfillCommand.self, WorkflowCommand.self,
        RuntimeCommand.self, GroupCommand.self, CalendarCommand.self, PoolCommand.self, NodeCommand.self,
        ClusterCommand.self,
        ZNodeCommand.self, ScheduleCommand.self,
        ImportCommand.self, ExportCommand.self, DoctorCommand.self,
        CompletionCommand.self,
    ]

    /// A sentence about the first word of the command line that names no command; `nil` when all is well.
    ///
    /// `ArgumentParser` suggests options but not commands.
    ///
    /// - Parameters:
    ///   - arguments: The command line without the program's name.
    ///   - root: The program's root command.
    /// - Returns: The sentence.
    public static func misspelling(in arguments: [String], of root: any ParsableCommand.Type) -> String? {
        var command = root
        var path = root._commandName
        for word in arguments {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
            guard let next = subcommands.first(where: { $0.names.contains(word) }) else {
                let known = subcommands.map { $0._commandName }
                let hint = Suggestion.text(for: word, among: known)
                return "'\(path)' has no command '\(word)': \(hint)"
            }
            command = next
            path += " " + next._commandName
        }
        return nil
    }
}

extension ParsableCommand {
    /// The command's name and its aliases.
    fileprivate static var names: [String] { [_commandName] + configuration.aliases }
}
