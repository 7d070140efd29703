import CProcess
import Glibc

extension Program {
    /// Why the kernel would not take the program's arguments and environment; `nil` when it would.
    ///
    /// Asked before there is a process: what is too big is the task's mistake, and better named than found out.
    var excess: StartFailure? {
        let texts = arguments.longest
        let variables = environment.longest
        if max(texts, variables) >= Self.stringBytesMax {
            let what = texts >= variables ? "an argument of \(name)" : "a variable of \(name)'s environment"
            return .refused(
                "\(what) has \(max(texts, variables)) bytes, more than the kernel accepts: 128 KiB each; put it in a file"
            )
        }
        let pointers = (arguments.count + environment.count) * MemoryLayout<UInt>.size
        let bytes = arguments.bytes.count + environment.bytes.count + pointers
        return bytes > Self.allBytesMax ? .refused(tooBig) : nil
    }

    /// Longest string that a program is given, its NUL included (MAX_ARG_STRLEN).
    private static let stringBytesMax = 131_072

    /// The most of all strings and pointers together: a quarter of the stack, within the kernel's bounds.
    private static var allBytesMax: Int {
        var stack = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &stack) == 0 else { return .max }
        return Int(min(max(stack.rlim_cur / 4, 131_072), 6_291_456))
    }

    /// What is said when the arguments and the environment are too big together.
    var tooBig: String {
        "the arguments (\(arguments.bytes.count) bytes) and the environment (\(environment.bytes.count) bytes) "
            + "of \(name) are more than the kernel accepts: 128 KiB each string, about 2 MiB together"
    }
}

extension StringBlock {
    /// How long the longest string is, in bytes, its NUL included.
    fileprivate var longest: Int {
        var (longest, start) = (0, 0)
        for (index, byte) in bytes.enumerated() where byte == 0 {
            longest = max(longest, index + 1 - start)
            start = index + 1
        }
        return longest
    }
}
