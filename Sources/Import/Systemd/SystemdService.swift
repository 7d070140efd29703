import Domain

/// The `[Service]` section.
enum SystemdService {
    static func read(
        _ unit: UnitFile,
        _ source: ImportSource,
        name: UnitName,
        into candidate: inout TaskCandidate
    ) {
        for setting in unit.all("Service", "Environment") {
            for word in UnitWords.split(setting.value) {
                guard let equals = word.text.firstIndex(of: "=") else { continue }
                candidate.setVariable(
                    String(word.text[..<equals]),
                    String(word.text[word.text.index(after: equals)...])
                )
            }
        }
        readAction(unit, source, name, &candidate)
        SystemdRestart.read(unit, source, into: &candidate)
        let settings = unit.settings.filter { $0.section == "Service" && !$0.value.isEmpty }
        for setting in settings where !isLimit(setting.key) { remark(setting, source, &candidate) }
        // A sandboxed service has dozens of them, of which all is said at once.
        let limits = settings.filter { isLimit($0.key) }
        if let first = limits.first {
            let what = limits.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
            candidate.drop(.limits, what, line: first.line, of: source.file)
        }
    }

    private struct Step {
        var line: ExecLine
        var setting: UnitFile.Setting
    }

    private static func readAction(
        _ unit: UnitFile,
        _ source: ImportSource,
        _ name: UnitName,
        _ candidate: inout TaskCandidate
    ) {
        var steps: [Step] = []
        for key in ["ExecStartPre", "ExecStart", "ExecStartPost"] {
            for setting in unit.all("Service", key) {
                let lines = ExecLine.commands(
                    setting.value,
                    unit: name,
                    variables: candidate.environment
                )
                steps += lines.map { Step(line: $0, setting: setting) }
            }
        }
        for step in steps {
            for leftover in step.line.leftovers {
                candidate.change(
                    "\(leftover) in \(step.setting.key)",
                    "its meaning is known to systemd only and the text stays as it is",
                    "write what it stands for",
                    line: step.setting.line,
                    of: source.file
                )
            }
        }
        guard steps.contains(where: { $0.setting.key == "ExecStart" }) else {
            return candidate.refuse(source.baseName, "it has no ExecStart=", "give the service a command")
        }
        let directory = unit.last("Service", "WorkingDirectory")?.value
        candidate.action = action(steps.map(\.line), directory: directory)
    }

    /// A single command as it is; several as a script that stops at the first failure.
    private static func action(_ lines: [ExecLine], directory: String?) -> TaskSpecification.Action {
        let mayFail = directory?.hasPrefix("-") ?? false
        let directory = directory.map { mayFail ? String($0.dropFirst()) : $0 }
        if lines.count == 1, !lines[0].ignoresFailure {
            guard let directory, !mayFail else { return .command(lines[0].words) }
            if directory != "~" { return .command(ShellText.command(lines[0].words, in: directory)) }
        }
        var script =
            directory.map { path in
                "cd " + (path == "~" ? "~" : ShellText.quoted(path)) + (mayFail ? " || true\n" : "\n")
            } ?? ""
        for line in lines {
            script += ShellText.quoted(line.words) + (line.ignoresFailure ? " || true\n" : "\n")
        }
        return .script(script)
    }

    /// Settings that were read above, or that say nothing about a run.
    private static let known: Set<String> = [
        "Environment", "ExecStart", "ExecStartPre", "ExecStartPost", "WorkingDirectory", "SyslogIdentifier",
        "RemainAfterExit", "GuessMainPID", "StandardInput", "KillMode", "Restart", "RestartSec",
        "StartLimitInterval", "StartLimitIntervalSec", "StartLimitBurst",
    ]

    private static func remark(
        _ setting: UnitFile.Setting,
        _ source: ImportSource,
        _ candidate: inout TaskCandidate
    ) {
        let what = "\(setting.key)=\(setting.value)"
        func drop(_ feature: MissingFeature) {
            candidate.drop(feature, what, line: setting.line, of: source.file)
        }
        switch setting.key {
        case _ where known.contains(setting.key): break
        case "Type":
            if !["oneshot", "simple", "exec", "idle"].contains(setting.value) {
                drop(.setting)
            }
        case "RuntimeMaxSec", "TimeoutStartSec", "TimeoutSec":
            let limit = TimeSpan.duration(setting.value)
            if let limit, limit > .zero {
                candidate.timeout = candidate.timeout.map { min($0, limit) } ?? limit
            }
            if setting.key == "TimeoutSec" { stopLimit(limit, &candidate) }
        case "TimeoutStopSec": stopLimit(TimeSpan.duration(setting.value), &candidate)
        case "User", "Group", "DynamicUser", "SupplementaryGroups":
            if setting.value != "no" && setting.value != "false" { drop(.account) }
        case "EnvironmentFile", "LoadCredential": drop(.fileOnMachine)
        case "PassEnvironment", "SetCredential": drop(.secret)
        case "StandardOutput", "StandardError":
            if !["journal", "inherit", "syslog", "kmsg"].contains(setting.value) {
                drop(.fileOnMachine)
            }
        case "RestartSteps", "RestartMaxDelaySec", "RestartPreventExitStatus", "RestartForceExitStatus":
            drop(.retryRule)
        default: drop(.setting)
        }
    }

    private static func stopLimit(_ limit: Duration?, _ candidate: inout TaskCandidate) {
        if let limit, limit > .zero { candidate.killGrace = min(limit, .seconds(3_600)) }
    }

    private static func isLimit(_ key: String) -> Bool {
        let beginnings = [
            "Limit", "Memory", "CPU", "IO", "Tasks", "Nice", "Private", "Protect", "Restrict", "System",
            "NoNewPrivileges", "Capability", "Ambient", "ReadOnly", "ReadWrite", "Inaccessible", "Slice",
            "OOM", "Lock", "Device", "IPAddress", "BlockIO", "Delegate", "UMask", "Secure",
        ]
        return beginnings.contains { key.hasPrefix($0) }
    }
}
