public import Domain
public import Scheduling

/// A text that holds definitions of another scheduler.
public struct ImportSource: Hashable, Sendable {
    /// The file as the user named it; `-` for standard input.
    public var file: String
    /// Its content.
    public var text: String

    /// Creates a source.
    public init(file: String, text: String) {
        self.file = file
        self.text = text
    }

    /// The lines of the text, empty ones too, wherever it was written.
    static func lines(of text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }

    /// The last part of the file's path.
    var baseName: String { file.split(separator: "/").last.map(String.init) ?? file }
}

/// Whose definitions are imported.
public enum ForeignFormat: String, Hashable, Sendable, CaseIterable {
    /// Files of cron.
    case crontab
    /// Timer units with their service units.
    case systemd
    /// `CronJob` manifests.
    case kubernetes
    /// Lines of a Quartz expression and a command, or Quartz's XML job data.
    case quartz
    /// The jobs of XXL-JOB as its API lists them.
    case xxlJob = "xxl-job"
}

/// What an import cannot know from the definitions.
public struct ImportOptions: Hashable, Sendable {
    /// The runtime of the tasks.
    public var runtime: RuntimeID
    /// The group of the tasks.
    public var group: GroupID
    /// The zone of schedules that name none.
    public var timeZone: TimeZoneID
    /// Whether lines of a crontab name a user; `nil` decides by the file's path.
    public var crontabNamesUsers: Bool?
    /// What runs a job that is a handler in another program; called with the handler's name and its parameter.
    public var handlerCommand: [String]

    /// Creates options.
    public init(
        runtime: RuntimeID = .standard,
        group: GroupID = .standard,
        timeZone: TimeZoneID = .utc,
        crontabNamesUsers: Bool? = nil,
        handlerCommand: [String] = []
    ) {
        self.runtime = runtime
        self.group = group
        self.timeZone = timeZone
        self.crontabNamesUsers = crontabNamesUsers
        self.handlerCommand = handlerCommand
    }
}
