import Foundation
import Import

/// Finds the files of another scheduler.
enum ImportFiles {
    /// The file of a path; of a directory the files right in it that the scheduler itself would read, sorted by name.
    static func list(_ path: String, of format: ForeignFormat) throws -> [String] {
        guard path != "-", isDirectory(path) else { return try DocumentSource.files(path, extensions: []) }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted().filter { name in
            isRead(name, format) && !isDirectory(path + "/" + name)
        }
        guard !names.isEmpty else {
            throw ControlError("there is no \(format.rawValue) file in the directory \(path)", .notFound)
        }
        return names.map { path.hasSuffix("/") ? path + $0 : path + "/" + $0 }
    }

    /// Whether a path leads to a directory; one that leads nowhere does not.
    private static func isDirectory(_ path: String) -> Bool {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        // A path that cannot be looked at is reported when it is read.
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        return attributes?[.type] as? FileAttributeType == .typeDirectory
    }

    private static func isRead(_ name: String, _ format: ForeignFormat) -> Bool {
        let endings =
            switch format {
            // Cron itself passes over names with a dot, such as .placeholder and backup.dpkg-old.
            case .crontab: [String]()
            case .systemd: [".timer", ".service"]
            case .kubernetes: [".yaml", ".yml", ".json"]
            case .quartz: [".xml", ".txt"]
            case .xxlJob: [".json"]
            }
        return endings.isEmpty ? !name.contains(".") : endings.contains { name.lowercased().hasSuffix($0) }
    }
}
