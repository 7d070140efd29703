/// What other schedulers have and a task document cannot say yet: the one list to shorten when it can.
enum MissingFeature: CaseIterable {
    case retryRule
    case onStart
    case dependency
    case metadata
    case shards
    case account
    case mail
    case container
    case fileOnMachine
    case secret
    case limits
    case history
    case setting

    /// Why it is not carried over, without a period.
    var why: String {
        switch self {
        case .retryRule:
            "attempts are repeated after failures, chosen exit codes and timeouts, by no other rule"
        case .onStart: "a start of the machine is no instant of a schedule"
        case .dependency: "a task is one command; what comes after it is another task"
        case .metadata: "a task has labels and a description, its runs nothing of their own"
        case .shards: "which part a process does is said differently here"
        case .account: "a run has the account of its agent"
        case .mail: "CloudTask sends no mail; it keeps the output of every run"
        case .container: "a run is a process on the agent's machine, not a container"
        case .fileOnMachine: "the file lies on a machine and is not part of the definition"
        case .secret: "the value is not part of the definition"
        case .limits: "a task does not limit what its processes use or may do"
        case .history: "how many runs are kept is a setting of the cluster"
        case .setting: "a task has no such setting"
        }
    }

    /// What to do, without a period.
    var advice: String {
        switch self {
        case .retryRule: "give the task a retry, or repeat inside the command where that is safe"
        case .onStart: "keep it in the machine's init system, or give the task a schedule"
        case .dependency: "write after: with this task into the task that follows, or call both in one script"
        case .metadata: "write what matters into the task's labels or its description"
        case .shards:
            "write shards: with their number, or broadcast: true for every agent, and read CLOUDTASK_SHARD_INDEX"
        case .account: "run it on a runtime whose agents have that account: --runtime NAME"
        case .mail: "look at the runs with cloudtask run list, or send mail in the command"
        case .container: "install the program on the agents, or write docker run before the command"
        case .fileOnMachine: "put it on every agent of the runtime, or write its content into the task"
        case .secret: "write it into the task's environment, or read it in the command"
        case .limits: "set it for the agent's own service"
        case .history: "nothing need be done for the task"
        case .setting: "do it in the command if it is needed"
        }
    }
}
