import CProcess
import Glibc

/// A program ready to be started.
struct Program {
    /// What the user calls it.
    var name: String
    /// The files to try, in this order.
    var candidates: [String]
    var arguments: StringBlock
    var environment: StringBlock
    var directory: String
    /// A variable of its environment that no other program has, `NAME=VALUE`.
    var mark = ""
    /// On which terms it runs; `nil` for those of the agent.
    var terms: StartTerms?

    /// A process that runs.
    struct Started {
        /// Its process ID, also its group's.
        var pid: pid_t
        /// Readable once it has ended.
        var descriptor: Int32
    }

    /// Starts the program, unless the boot-time clock has passed `deadline`.
    ///
    /// Returns once the program executes. The last check happens in the new process, directly before `execve`.
    func start(
        input: Int32,
        output: Int32,
        error: Int32,
        deadline: Int64,
        endsWithParent: Bool = false
    ) throws(StartFailure) -> Started {
        if let excess { throw excess }
        let result = spawn(
            input: input,
            output: output,
            error: error,
            deadline: deadline,
            endsWithParent: endsWithParent
        )
        guard result.stage == Int32(ct_stage_none.rawValue) else { throw failure(of: result) }
        return Started(pid: result.pid, descriptor: result.pidfd)
    }

    private func spawn(
        input: Int32,
        output: Int32,
        error: Int32,
        deadline: Int64,
        endsWithParent: Bool
    ) -> ct_started {
        let paths = candidates.reduce(into: StringBlock()) { $0.append($1) }
        return unsafe directory.withCString { directory in
            unsafe paths.withPointer { paths in
                unsafe arguments.withPointer { arguments in
                    unsafe environment.withPointer { environment in
                        unsafe withTerms { terms in
                            var program = unsafe ct_program(
                                paths: paths,
                                paths_count: Int32(candidates.count),
                                arguments: arguments,
                                arguments_count: Int32(self.arguments.count),
                                environment: environment,
                                environment_count: Int32(self.environment.count),
                                directory: directory,
                                input: input,
                                output: output,
                                error: error,
                                deadline: deadline,
                                ends_with_parent: endsWithParent ? 1 : 0,
                                terms: terms
                            )
                            return unsafe ct_start(&program)
                        }
                    }
                }
            }
        }
    }
}

extension Program {
    private func withTerms<Result>(_ body: (UnsafePointer<ct_terms>?) -> Result) -> Result {
        guard let terms else { return body(nil) }
        return unsafe terms.withTerms { unsafe body($0) }
    }
}

extension StringBlock {
    fileprivate func withPointer<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        unsafe bytes.withUnsafeBytes { unsafe body($0.assumingMemoryBound(to: CChar.self).baseAddress) }
    }
}
