import CProcess
import Glibc

/// The file operations the executor needs, on plain descriptors that are closed by whoever opened them.
enum Descriptor {
    /// Opens a file, relative to `directory` if that is a descriptor; never inherited by child processes.
    static func open(
        _ path: String,
        in directory: Int32 = AT_FDCWD,
        _ flags: Int32,
        mode: mode_t = 0o600
    ) throws(ExecutorError) -> Int32 {
        let descriptor = unsafe ct_open(directory, path, flags, mode)
        guard descriptor >= 0 else { throw ExecutorError("open", path, code: errno) }
        return descriptor
    }

    /// Writes all bytes.
    static func write(_ bytes: [UInt8], to descriptor: Int32, name: String) throws(ExecutorError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor,
                    buffer.baseAddress?.advanced(by: written),
                    buffer.count - written
                )
            }
            if count < 0, errno != EINTR { throw ExecutorError("write", name, code: errno) }
            written += max(0, count)
        }
    }

    /// Where an open file is now, without symbolic links; `nil` when the kernel does not say.
    static func path(of descriptor: Int32) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink("/proc/self/fd/\(descriptor)", &bytes, bytes.count)
        guard length > 0 else { return nil }
        return String(decoding: bytes.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Makes a directory and those above it; one that exists is fine.
    static func makeDirectory(_ path: String) throws(ExecutorError) {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw ExecutorError("make directory", path, code: errno)
        }
        try makeDirectory(String(path[..<slash]))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw ExecutorError("make directory", path, code: errno)
        }
    }

    /// Makes the names in a directory durable.
    static func synchronizeDirectory(_ path: String) throws(ExecutorError) {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw ExecutorError("synchronize", path, code: errno) }
    }
}
