/// The tasks of `up --sample-tasks`: one of each sort, harmless everywhere.
enum SampleTasks {
    /// The documents.
    static let text = """
        kind: Task
        name: sample-tick
        group: samples
        description: Says the time every five seconds.
        command: [date, -u]
        schedules:
          - every: 5s
        ---
        kind: Task
        name: sample-report
        group: samples
        description: A script on a cron schedule; it sees what CloudTask tells it.
        script: |
          echo "run $CLOUDTASK_RUN, due $CLOUDTASK_DUE, on $CLOUDTASK_NODE"
          sleep 2
        schedules:
          - cron: "*/15 * * * * *"
        timeout: 10s
        ---
        kind: Task
        name: sample-failure
        group: samples
        description: Fails once a minute, to show what that looks like.
        script: |
          echo "this is what a failure looks like" >&2
          exit 3
        schedules:
          - cron: "* * * * *"
        ---
        kind: Task
        name: sample-on-request
        group: samples
        description: Runs only when it is asked to, by 'cloudtask task run sample-on-request'.
        command: [echo, hello]
        """
}
