import Domain

/// The keys about how a task's processes are set up.
extension TaskReader {
    mutating func readProcess(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        guard let node = fields["process"] else { return }
        places["process"] = node
        let keys = ["workingDirectory", "user", "group", "groups", "umask", "nice", "io", "limits"]
        guard let fields = Fields(node, keys: keys, path: "process", what: "a process", &reader) else {
            return
        }
        for key in keys { places["process.\(key)"] = fields[key] ?? node }
        var process = ProcessSettings()
        process.workingDirectory = fields["workingDirectory"].flatMap {
            reader.text($0, "process.workingDirectory", "an absolute path")
        }
        process.user = fields["user"].flatMap { reader.text($0, "process.user", "a user's name") }
        process.group = fields["group"].flatMap { reader.text($0, "process.group", "a group's name") }
        process.groups = fields["groups"].flatMap {
            reader.texts($0, "process.groups", "a list of groups such as [adm]")
        }
        if let node = fields["umask"] { process.umask = umask(node, &reader) }
        process.nice = fields["nice"].flatMap {
            reader.integer($0, "process.nice", in: ProcessSettings.Limit.niceRange)
        }
        process.io = fields["io"].flatMap { reader.choice($0, "process.io") }
        if let node = fields["limits"] { process.limits = readLimits(node, &reader) }
        task.process = process
    }

    private func umask(_ node: SourceNode, _ reader: inout FieldReader) -> UInt16? {
        let expected = "an octal number such as \"027\""
        guard let text = reader.text(node, "process.umask", expected) else { return nil }
        if let mask = ProcessSettings.umask(text) { return mask }
        reader.refuse(
            node,
            "process.umask",
            "process.umask cannot be '\(text.prefix(80))': write \(expected)"
        )
        return nil
    }

    private mutating func readLimits(_ node: SourceNode, _ reader: inout FieldReader) -> ProcessLimits {
        let path = "process.limits"
        let keys = ["memory", "cpu", "cpuTime", "processes", "openFiles", "fileSize", "core"]
        var limits = ProcessLimits()
        guard let fields = Fields(node, keys: keys, path: path, what: "the limits", &reader) else {
            return limits
        }
        for key in keys { places["\(path).\(key)"] = fields[key] ?? node }
        limits.memory = fields["memory"].flatMap { reader.size($0, "\(path).memory") }
        if let node = fields["cpu"] { limits.cpuThousandths = cores(node, &reader) }
        limits.cpuTime = fields["cpuTime"].flatMap { reader.duration($0, "\(path).cpuTime") }
        let range = ProcessLimits.countRange
        limits.processes = fields["processes"].flatMap { reader.integer($0, "\(path).processes", in: range) }
        limits.openFiles = fields["openFiles"].flatMap { reader.integer($0, "\(path).openFiles", in: range) }
        limits.fileSize = fields["fileSize"].flatMap { reader.size($0, "\(path).fileSize") }
        limits.core = fields["core"].flatMap { reader.size($0, "\(path).core") }
        return limits
    }

    private func cores(_ node: SourceNode, _ reader: inout FieldReader) -> Int? {
        let field = "process.limits.cpu"
        let expected = "a number of cores such as 0.5 or 2"
        guard let text = reader.text(node, field, expected) else { return nil }
        let thousandths = Double(text).map { ProcessLimits.thousandths($0) } ?? 0
        if ProcessLimits.cpuRange.contains(thousandths) { return thousandths }
        reader.refuse(
            node,
            field,
            "\(field) cannot be '\(text.prefix(80))': write \(expected), from 0.01 to 1024"
        )
        return nil
    }
}

extension FieldReader {
    /// A size such as `512MiB`.
    mutating func size(_ node: SourceNode, _ field: String) -> ByteSize? {
        guard let text = text(node, field, "a size such as 512MiB") else { return nil }
        if let size = ByteSize(text) { return size }
        refuse(node, field, "\(field) cannot be '\(text.prefix(80))': \(ByteSize.rule)")
        return nil
    }
}
