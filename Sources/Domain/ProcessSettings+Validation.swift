import Scheduling

extension ProcessSettings {
    /// Limits, each with its reason.
    public enum Limit {
        /// The longest path that the kernel takes.
        public static let pathBytesMax = 4_095
        /// Groups of one process: what the kernel takes is more than anybody writes down.
        public static let groupsMax = 64
        /// The kernel's.
        public static let niceRange = -20...19
        /// Longest name of a user or a group.
        public static let nameBytesMax = 64
    }

    /// Reads a umask in octal, such as `027`; `nil` when `text` is none.
    public static func umask(_ text: String) -> UInt16? {
        guard (1...4).contains(text.utf8.count), let mask = UInt16(text, radix: 8), mask <= 0o777 else {
            return nil
        }
        return text.utf8.first == UInt8(ascii: "+") ? nil : mask
    }

    /// The umask as it is written.
    public static func text(ofUmask mask: UInt16) -> String {
        let digits = String(mask, radix: 8)
        return String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
    }

    /// What is wrong with them, whatever machine they are for.
    var problems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        if let path = workingDirectory, let reason = Self.complaint(aboutPath: path) {
            problems.append(.init(field: "process.workingDirectory", message: reason))
        }
        for (field, name) in [("user", user), ("group", group)] {
            if let name, let reason = Self.complaint(aboutName: name) {
                problems.append(.init(field: "process.\(field)", message: reason))
            }
        }
        for (index, name) in (groups ?? []).enumerated() {
            if let reason = Self.complaint(aboutName: name) {
                problems.append(.init(field: "process.groups[\(index)]", message: reason))
            }
        }
        if let groups, groups.count > Limit.groupsMax {
            let message = "\(groups.count) groups are more than the \(Limit.groupsMax) allowed: name fewer"
            problems.append(.init(field: "process.groups", message: message))
        }
        if let nice, !Limit.niceRange.contains(nice) {
            problems.append(
                .init(
                    field: "process.nice",
                    message: "nice must be a whole number from -20 (first) to 19 (last)"
                )
            )
        }
        if let umask, umask > 0o777 {
            problems.append(
                .init(field: "process.umask", message: "the umask must be octal, from \"000\" to \"777\"")
            )
        }
        return problems + limits.problems
    }

    private static func complaint(aboutPath path: String) -> String? {
        if !path.hasPrefix("/") {
            return
                "the working directory must be an absolute path such as /srv/reports, not '\(path.prefix(80))'"
        }
        if path.utf8.contains(0) || path.utf8.count > Limit.pathBytesMax {
            return "the working directory must be a path of at most \(Limit.pathBytesMax) bytes without NUL"
        }
        return nil
    }

    private static func complaint(aboutName name: String) -> String? {
        let isName =
            (1...Limit.nameBytesMax).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { $0.value > 32 && $0 != ":" && $0 != "/" && $0.value != 127 }
            && !name.hasPrefix("-")
        return isName
            ? nil
            : "'\(name.prefix(80))' is no name of a user or group: write one as in /etc/passwd, or its number"
    }
}

extension ProcessLimits {
    /// What is wrong with them, whatever machine they are for.
    var problems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        func refuse(_ field: String, _ message: String) {
            problems.append(.init(field: "process.limits.\(field)", message: message))
        }
        if let memory, memory < Self.memoryMin {
            refuse("memory", "the memory limit must be at least 1MiB: no program starts with less")
        }
        if let cpuThousandths, !Self.cpuRange.contains(cpuThousandths) {
            refuse("cpu", "cpu must be a number of cores from 0.01 to 1024, such as 0.5")
        }
        if let cpuTime, cpuTime < .seconds(1) || cpuTime > TaskSpecification.Limit.timeoutMax {
            refuse("cpuTime", "the processor time must be between 1s and 366d")
        }
        for (field, count) in [("processes", processes), ("openFiles", openFiles)] {
            if let count, !Self.countRange.contains(count) {
                let range = Self.countRange
                refuse(
                    field,
                    "\(field) must be a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
        }
        return problems
    }
}
