import Domain

/// What triggers do about instants that were not fired in time.
enum QuartzMisfire {
    /// Sets the policy of the first trigger, and notes the triggers that have another.
    static func read(_ triggers: [PlainXML], into candidate: inout TaskCandidate) {
        var chosen: Misfire.Policy?
        for trigger in triggers {
            let what = "\(instruction(of: trigger)) of trigger \(trigger["name"]?.trimmed ?? trigger.name)"
            guard let policy = policy(of: trigger) else {
                candidate.drop(.setting, what, line: trigger.line)
                continue
            }
            if let chosen {
                if policy != chosen { difference(what, from: chosen, trigger.line, &candidate) }
            } else {
                set(policy, what, trigger.line, &candidate)
                chosen = policy
            }
        }
    }

    private static func difference(
        _ what: String,
        from chosen: Misfire.Policy,
        _ line: Int,
        _ candidate: inout TaskCandidate
    ) {
        candidate.change(
            what,
            "a task has one misfire policy for all its schedules, here \(chosen.rawValue)",
            "make a task of each trigger if it matters",
            line: line
        )
    }

    private static func set(
        _ policy: Misfire.Policy,
        _ what: String,
        _ line: Int,
        _ candidate: inout TaskCandidate
    ) {
        candidate.misfire = Misfire(policy)
        guard policy == .all else { return }
        candidate.misfire.cap = Misfire.capMax
        candidate.change(
            what,
            "of the instants that nobody could fire the latest \(Misfire.capMax) run at most",
            "choose misfire: once if one run for all of them will do",
            line: line
        )
    }

    private static func instruction(of trigger: PlainXML) -> String {
        trigger["misfire-instruction"]?.trimmed ?? smart
    }

    private static let smart = "MISFIRE_INSTRUCTION_SMART_POLICY"

    /// The policy of a trigger; `nil` for an instruction that there is not.
    private static func policy(of trigger: PlainXML) -> Misfire.Policy? {
        switch instruction(of: trigger).replacing("MISFIRE_INSTRUCTION_", with: "") {
        case "DO_NOTHING", "RESCHEDULE_NEXT_WITH_EXISTING_COUNT", "RESCHEDULE_NEXT_WITH_REMAINING_COUNT":
            .skip
        case "FIRE_NOW", "FIRE_ONCE_NOW", "RESCHEDULE_NOW_WITH_EXISTING_REPEAT_COUNT",
            "RESCHEDULE_NOW_WITH_REMAINING_REPEAT_COUNT":
            .once
        case "IGNORE_MISFIRE_POLICY": .all
        // Quartz's own choice: an interval without end goes on with its next instant, all else fires once.
        case "SMART_POLICY": trigger["repeat-count"]?.trimmed == "-1" ? .skip : .once
        default: nil
        }
    }
}
