/// One thing the doctor looked at.
struct Check: Encodable, Hashable, Sendable {
    enum State: String, Encodable, Sendable { case ok, warning, failed }

    /// A short stable name for scripts.
    var id: String
    var state: State
    /// What was found.
    var what: String
    /// Why that matters; absent when all is well.
    var why: String?
    /// What to do; absent when all is well.
    var fix: String?

    /// All is well.
    static func ok(_ id: String, _ what: String) -> Check { Check(id: id, state: .ok, what: what) }

    /// It works, but not for ever or not well.
    static func warning(_ id: String, _ what: String, why: String, fix: String) -> Check {
        Check(id: id, state: .warning, what: what, why: why, fix: fix)
    }

    /// It does not work.
    static func failed(_ id: String, _ what: String, why: String, fix: String) -> Check {
        Check(id: id, state: .failed, what: what, why: why, fix: fix)
    }

    /// The lines for people.
    func text(_ style: Style) -> String {
        let mark =
            switch state {
            case .ok: style.paint("✔", .good)
            case .warning: style.paint("⚠", .warning)
            case .failed: style.paint("✖", .bad)
            }
        let reason = why.map { "\n    why: \($0)" } ?? ""
        return "\(mark) \(what)\(reason)\(fix.map { "\n    fix: \($0)" } ?? "")\n"
    }
}
