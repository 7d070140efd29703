/// The tasks of `up --sample-tasks`: one of each sort, harmless everywhere.
///
/// `conf/tasks/samples.yaml` shows the same to those who look for an example; a test compares them.
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
        name: sample-nightly
        group: samples
        description: Weekdays at two in the morning in Berlin, whatever daylight saving does.
        command: [echo, good night]
        environment: {LANG: C.UTF-8}
        schedules:
          - cron: "0 2 * * 1-5"
            timeZone: Europe/Berlin
        timeout: 10m
        delivery: at-least-once
        ---
        kind: Task
        name: sample-on-request
        group: samples
        description: Runs only when it is asked to, by 'cloudtask task run sample-on-request'.
        command: [echo, hello]
        """
}
