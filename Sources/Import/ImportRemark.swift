public import Domain

/// One thing of the foreign definitions that did not become part of a task as it was.
public struct ImportRemark: Hashable, Sendable, Codable {
    /// How grave it is.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// The text cannot be understood: nothing was made of it.
        case mistake
        /// It has no counterpart here.
        case dropped
        /// It became something that differs in a way one should know.
        case changed
    }

    /// How grave it is.
    public var kind: Kind
    /// The file as the user named it.
    public var file: String
    /// The line, from 1.
    public var line: Int
    /// The task it belongs to, if one was made.
    public var task: TaskID?
    /// What is concerned, as it was written.
    public var what: String
    /// Why it was not carried over as it is.
    public var why: String
    /// What to do about it.
    public var advice: String

    /// Creates a remark.
    public init(
        _ kind: Kind,
        file: String,
        line: Int,
        task: TaskID? = nil,
        what: String,
        why: String,
        advice: String
    ) {
        self.kind = kind
        self.file = file
        self.line = line
        self.task = task
        self.what = what
        self.why = why
        self.advice = advice
    }

    /// The remark in one sentence, without its place.
    public var sentence: String {
        let verdict =
            switch kind {
            case .mistake: "cannot be read"
            case .dropped: "is not carried over"
            case .changed: "is carried over with a difference"
            }
        return "\(what) \(verdict): \(why); \(advice)"
    }
}

/// What an import made.
public struct ImportOutcome: Hashable, Sendable {
    /// The tasks, in the order of the definitions; their names are unique.
    public var tasks: [TaskSpecification]
    /// What could not be carried over, in the order of the definitions.
    public var remarks: [ImportRemark]

    /// Whether some text could not be understood, so that nothing should be done with the tasks.
    public var hasMistakes: Bool { remarks.contains { $0.kind == .mistake } }

    /// Whether something has no counterpart in the tasks.
    public var lacksSomething: Bool { remarks.contains { $0.kind != .changed } }
}

/// Turns definitions of other schedulers into tasks.
public enum Importer {
    /// The tasks of some sources; the same sources give the same tasks.
    public static func tasks(
        from sources: [ImportSource],
        as format: ForeignFormat,
        options: ImportOptions = ImportOptions()
    ) -> ImportOutcome {
        var draft = ImportDraft(options: options)
        switch format {
        case .crontab: CrontabImport.read(sources, into: &draft)
        case .systemd: SystemdImport.read(sources, into: &draft)
        case .kubernetes: KubernetesImport.read(sources, into: &draft)
        case .quartz: QuartzImport.read(sources, into: &draft)
        case .xxlJob: XXLJobImport.read(sources, into: &draft)
        }
        return ImportOutcome(tasks: draft.tasks, remarks: draft.remarks)
    }
}
