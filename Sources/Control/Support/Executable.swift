import Foundation

/// This program.
enum Executable {
    /// The path of the file this process runs.
    static func path() throws(ControlError) -> String {
        do {
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        } catch {
            throw ControlError("the path of this program is unknown: /proc must be mounted")
        }
    }
}
