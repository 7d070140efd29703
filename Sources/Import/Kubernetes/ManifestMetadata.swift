import Documents

/// What a manifest says about its `CronJob` and about what the `CronJob` makes: names, labels, annotations.
enum ManifestMetadata {
    static func read(_ document: DocumentValue, into candidate: inout TaskCandidate) {
        for entry in document["metadata"]?.entries ?? [] where !keptByTheServer.contains(entry.key) {
            switch entry.key {
            case "name": break
            case "namespace": readNamespace(entry, into: &candidate)
            case "labels":
                for label in entry.value.entries {
                    candidate.setLabel(label.key, label.value.text ?? "", line: label.line)
                }
            case "annotations":
                for annotation in entry.value.entries where annotation.key != lastApplied {
                    candidate.drop(.metadata, "the annotation \(annotation.key)", line: annotation.line)
                }
            default: candidate.drop(.metadata, "metadata.\(entry.key)", line: entry.line)
            }
        }
        let job = document["spec"]?["jobTemplate"]
        readTemplate(job, "jobs", into: &candidate)
        readTemplate(job?["spec"]?["template"], "pods", into: &candidate)
    }

    private static func readNamespace(_ entry: DocumentValue.Entry, into candidate: inout TaskCandidate) {
        guard let text = entry.value.text, text != "default" else { return }
        candidate.change(
            "the namespace \(text)",
            "tasks have a group instead",
            "give --group NAME, and import each namespace by itself",
            line: entry.value.line
        )
    }

    /// The labels and annotations of what the `CronJob` makes.
    private static func readTemplate(
        _ template: DocumentValue?,
        _ made: String,
        into candidate: inout TaskCandidate
    ) {
        for entry in template?["metadata"]?.entries ?? []
        where ["labels", "annotations"].contains(entry.key) && !entry.value.entries.isEmpty {
            candidate.drop(.metadata, "the \(entry.key) of its \(made)", line: entry.line)
        }
    }

    /// What `kubectl apply` repeats the whole manifest in.
    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    /// What the server itself writes, so that it says nothing about the job.
    private static let keptByTheServer: Set<String> = [
        "creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid",
    ]
}
