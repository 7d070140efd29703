import Foundation

/// The size of the terminal.
enum TerminalSize {
    /// Columns of the terminal that standard output is; `nil` when that cannot be told.
    ///
    /// `stty` is asked because `ioctl` is variadic in C, which Swift cannot call.
    static var columns: Int? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/stty")
        process.arguments = ["size"]
        process.standardInput = FileHandle.standardOutput
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        // Without `stty` the width is simply unknown.
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: " ").last.flatMap { Int($0.filter(\.isNumber)) }.flatMap {
            $0 > 0 ? $0 : nil
        }
    }
}
