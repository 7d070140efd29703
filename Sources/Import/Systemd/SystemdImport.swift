import Domain
import Scheduling

/// Turns timer units and their services into tasks.
enum SystemdImport {
    static func read(_ sources: [ImportSource], into draft: inout ImportDraft) {
        let services = sources.filter { $0.baseName.hasSuffix(".service") }
        for source in sources {
            let unit = UnitFile(source.text)
            for mistake in unit.mistakes {
                draft.refuse(
                    "'\(mistake.text)'",
                    "it is no setting",
                    "write Key=value below a [Section]",
                    in: source,
                    line: mistake.line
                )
            }
            guard source.baseName.hasSuffix(".timer") else {
                if !source.baseName.hasSuffix(".service") {
                    draft.refuse(
                        "the file",
                        "it is neither a .timer nor a .service",
                        "give the timer and its service by their names",
                        in: source,
                        line: 1
                    )
                }
                continue
            }
            let timer = UnitName(source.baseName)
            guard !timer.isTemplate else {
                draft.note(
                    ImportRemark(
                        .dropped,
                        file: source.file,
                        line: 1,
                        what: timer.text,
                        why: "it is a template",
                        advice:
                            "give a copy or link of it for each instance, named \(timer.prefix)@INSTANCE.timer"
                    )
                )
                continue
            }
            let name = UnitName(unit.last("Timer", "Unit")?.value ?? timer.withoutType + ".service")
            let service =
                services.first { $0.baseName == name.text }
                ?? services.first { $0.baseName == name.template }
            draft.add(candidate(source, unit, name, service, draft.options))
        }
        // Most services have no timer; only who gives nothing else is likely to expect a task of one.
        guard sources.allSatisfy({ !$0.baseName.hasSuffix(".timer") }) else { return }
        for source in services {
            draft.note(
                ImportRemark(
                    .dropped,
                    file: source.file,
                    line: 1,
                    what: source.baseName,
                    why: "no timer given here starts it",
                    advice: "give the timer too"
                )
            )
        }
    }

    private static func candidate(
        _ source: ImportSource,
        _ timer: UnitFile,
        _ serviceName: UnitName,
        _ service: ImportSource?,
        _ options: ImportOptions
    ) -> TaskCandidate {
        var candidate = TaskCandidate(
            source,
            line: 1,
            what: source.baseName,
            name: String(source.baseName.dropLast(6))
        )
        let description =
            timer.last("Unit", "Description")?.value
            ?? service.flatMap { UnitFile($0.text).last("Unit", "Description")?.value }
        candidate.description = description ?? candidate.description
        // A timer that elapses while its unit is active does nothing.
        candidate.concurrency = Concurrency(.forbid)
        SystemdTimer.read(timer, options, into: &candidate)
        guard let service else {
            candidate.refuse(
                source.baseName,
                "the unit \(serviceName.text) that it starts is not among the files",
                "give \(serviceName.text) too"
            )
            return candidate
        }
        SystemdService.read(UnitFile(service.text), service, name: serviceName, into: &candidate)
        return candidate
    }
}

/// The `[Timer]` section.
enum SystemdTimer {
    static func read(_ unit: UnitFile, _ options: ImportOptions, into candidate: inout TaskCandidate) {
        for setting in unit.all("Timer", "OnCalendar") {
            do throws(ScheduleError) {
                let spec = try CalendarSpec(setting.value)
                candidate.schedules.append(try spec.schedule(timeZone: options.timeZone))
            } catch {
                candidate.refuse(
                    "OnCalendar=\(setting.value)",
                    error.message,
                    "check it with systemd-analyze calendar",
                    line: setting.line
                )
            }
        }
        readIntervals(unit, &candidate)
        refuseNothing(unit, &candidate)
        for setting in unit.settings where setting.section == "Timer" {
            remark(setting, &candidate)
        }
        let isPersistent = unit.last("Timer", "Persistent").map { UnitFile.isTrue($0.value) } ?? false
        if !isPersistent, !unit.all("Timer", "OnCalendar").isEmpty { candidate.misfire = Misfire(.skip) }
    }

    /// Refuses a timer that systemd refuses, too: one that nothing sets off, an empty setting taking back those before it.
    private static func refuseNothing(_ unit: UnitFile, _ candidate: inout TaskCandidate) {
        guard triggers.allSatisfy({ unit.all("Timer", $0).isEmpty }) else { return }
        let empty = unit.settings.last { $0.section == "Timer" && triggers.contains($0.key) }
        candidate.refuse(
            empty.map { "\($0.key)=" } ?? candidate.what,
            "nothing is left that says when the timer elapses",
            "write a time such as OnCalendar=daily",
            line: empty?.line
        )
    }

    /// The settings that set a timer off.
    private static let triggers = [
        "OnCalendar", "OnUnitActiveSec", "OnUnitInactiveSec", "OnBootSec", "OnStartupSec", "OnActiveSec",
        "OnClockChange", "OnTimezoneChange",
    ]

    private static func readIntervals(_ unit: UnitFile, _ candidate: inout TaskCandidate) {
        var hasInterval = false
        for key in ["OnUnitActiveSec", "OnUnitInactiveSec"] {
            for setting in unit.all("Timer", key) {
                guard let every = TimeSpan.duration(setting.value),
                    let schedule = try? schedule(key, every)
                else {
                    candidate.refuse(
                        "\(key)=\(setting.value)",
                        "it is no interval from 100ms to 36525d",
                        "write it like 15min",
                        line: setting.line
                    )
                    continue
                }
                hasInterval = true
                candidate.schedules.append(schedule)
                if key == "OnUnitActiveSec" {
                    candidate.change(
                        "\(key)=\(setting.value)",
                        "the interval counts from a fixed instant, not from the last start",
                        "give the schedule a start: if the instants matter",
                        line: setting.line
                    )
                }
            }
        }
        for key in ["OnBootSec", "OnStartupSec", "OnActiveSec"] {
            for setting in unit.all("Timer", key) where !hasInterval {
                candidate.drop(.onStart, "\(key)=\(setting.value)", line: setting.line)
            }
        }
    }

    private static func schedule(_ key: String, _ span: Duration) throws(ScheduleError) -> Schedule {
        if key == "OnUnitInactiveSec" {
            return Schedule(.afterCompletion(try CompletionSchedule(delay: span)))
        }
        return .every(try IntervalSchedule(every: span))
    }

    /// Settings that were read above, or that change nothing: instants here are always exact.
    private static let known: Set<String> = [
        "OnCalendar", "OnUnitActiveSec", "OnUnitInactiveSec", "OnBootSec", "OnStartupSec", "OnActiveSec",
        "Unit",
        "Persistent", "AccuracySec", "RemainAfterElapse",
    ]

    private static func remark(_ setting: UnitFile.Setting, _ candidate: inout TaskCandidate) {
        guard !known.contains(setting.key), !setting.value.isEmpty else { return }
        let what = "\(setting.key)=\(setting.value)"
        switch setting.key {
        case "RandomizedDelaySec", "RandomizedOffsetSec":
            guard let jitter = TimeSpan.duration(setting.value), jitter > .zero else { return }
            for index in candidate.schedules.indices {
                candidate.schedules[index].jitter = min(jitter, Schedule.jitterMax)
            }
        case "FixedRandomDelay": break
        case "OnClockChange", "OnTimezoneChange": candidate.drop(.setting, what, line: setting.line)
        case "WakeSystem", "DeferReactivation":
            if UnitFile.isTrue(setting.value) { candidate.drop(.setting, what, line: setting.line) }
        default: candidate.drop(.setting, what, line: setting.line)
        }
    }
}
