#if CLOUDTASK_MUTATIONS
    import Synchronization

    /// The rule that is left out in this process.
    private let selection = Mutex<Mutation?>(nil)

    extension Mutation {
        /// Whether this build can leave rules out.
        public static var isBuiltIn: Bool { true }

        /// Whether this rule is left out.
        public var isOn: Bool { selection.withLock { $0 == self } }

        /// Leaves out the rule, for the whole process; `nil` keeps them all.
        public static func select(_ mutation: Mutation?) { selection.withLock { $0 = mutation } }
    }
#else
    extension Mutation {
        /// Whether this build can leave rules out.
        public static var isBuiltIn: Bool { false }

        /// Whether this rule is left out: never, known to the compiler.
        @inlinable
        public var isOn: Bool { false }

        /// Leaves out nothing: this build keeps every rule.
        public static func select(_ mutation: Mutation?) {
            precondition(mutation == nil, "this build keeps every rule; build with CLOUDTASK_MUTATIONS=1")
        }
    }
#endif
