//! Schema of `status` (spec 01 §3 and §4).

use serde_json::json;

use super::schema::Schema;

/// Pattern of a condition's reason.
const REASON: &str = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$";
/// Pattern of a condition's type.
const CONDITION_TYPE: &str = concat!(
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?",
    r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
);

/// `status`.
pub(super) fn status() -> Schema {
    let status = Schema::object("What was observed of the release.")
        .default(json!({ "observedGeneration": -1 }))
        .field("observedGeneration", Schema::int64("Generation whose reconcile has ended."))
        .field("conditions", Schema::list("The conditions.", condition()))
        .field("history", Schema::list("Releases of this object, newest first.", snapshot()))
        .field("inventory", inventory())
        .field("helmChart", Schema::string("`<namespace>/<name>` of the managed HelmChart."))
        .field(
            "storageNamespace",
            Schema::text("Namespace of the Helm storage of the current release.", 1, 63),
        );
    counters(handled(last_attempt(status)))
        .field("observedPostRenderersDigest", Schema::string("Digest of the post-renderers last reconciled."))
        .field(
            "observedCommonMetadataDigest",
            Schema::string("Digest of the common metadata last reconciled."),
        )
}

fn last_attempt(status: Schema) -> Schema {
    let action = Schema::one_of(
        "Last release action. Its retry or remediation policy is the active one.",
        &["install", "upgrade"],
    );
    status
        .field("lastAttemptedGeneration", Schema::int64("Generation of the last release attempt."))
        .field("lastAttemptedRevision", Schema::string("Chart version of the last release attempt."))
        .field("lastAttemptedRevisionDigest", Schema::string("OCI digest of the last release attempt."))
        .field(
            "lastAttemptedConfigDigest",
            Schema::string("Digest of the values of the last release attempt."),
        )
        .field("lastAttemptedReleaseAction", action)
        .field("lastAttemptedReleaseActionDuration", Schema::string("How long the last release action took."))
        .field(
            "lastAttemptedValuesChecksum",
            Schema::string("Deprecated: use `lastAttemptedConfigDigest`. SHA-1 of the values."),
        )
        .field(
            "lastReleaseRevision",
            Schema::integer("Deprecated: use `history`. Revision of the last release."),
        )
}

fn handled(status: Schema) -> Schema {
    status
        .field(
            "lastHandledReconcileAt",
            Schema::string("Last handled value of the annotation that asks for a reconcile."),
        )
        .field(
            "lastHandledForceAt",
            Schema::string("Last seen value of the annotation that forces a release."),
        )
        .field(
            "lastHandledResetAt",
            Schema::string("Last seen value of the annotation that resets the counters."),
        )
}

fn counters(status: Schema) -> Schema {
    status
        .field("failures", Schema::int64("Failures since the wanted state last changed."))
        .field("installFailures", Schema::int64("Failed installs since the wanted state last changed."))
        .field("upgradeFailures", Schema::int64("Failed upgrades since the wanted state last changed."))
}

fn condition() -> Schema {
    Schema::object("One aspect of the state.")
        .required("type", Schema::string("Which aspect.").max_length(316).pattern(CONDITION_TYPE))
        .required("status", Schema::one_of("Whether it holds.", &["True", "False", "Unknown"]))
        .required("reason", Schema::text("Why, in one word.", 1, 1024).pattern(REASON))
        .required("message", Schema::string("Why, for people.").max_length(32_768))
        .required("lastTransitionTime", Schema::moment("When status, reason or message changed last."))
        .field("observedGeneration", Schema::int64("Generation that was looked at.").minimum(0))
}

fn snapshot() -> Schema {
    let snapshot = Schema::object("What was observed of one release revision.")
        .field("apiVersion", Schema::string("How the digest was computed."))
        .required("digest", Schema::string("`<algo>:<hex>` of the release in storage."))
        .required("name", Schema::string("Release name."))
        .required("namespace", Schema::string("Release namespace."))
        .required("version", Schema::integer("Revision."))
        .required("status", Schema::string("Helm status."))
        .field("action", Schema::string("Action that this is the result of."))
        .field("ociDigest", Schema::string("Digest of the OCI artifact of the chart."))
        .field(
            "testHooks",
            Schema::map("Test hooks and what became of them; absent when not tested.", test_hook()),
        );
    snapshot
        .required("chartName", Schema::string("Name of the chart."))
        .required("chartVersion", Schema::string("Version of the chart."))
        .field("appVersion", Schema::string("`appVersion` of the chart."))
        .required("configDigest", Schema::string("`<algo>:<hex>` of the values."))
        .required("firstDeployed", Schema::moment("When the release was deployed first."))
        .required("lastDeployed", Schema::moment("When this revision was deployed."))
        .field("deleted", Schema::moment("When the release was deleted."))
}

fn test_hook() -> Schema {
    Schema::object("What became of a test hook.")
        .field("lastStarted", Schema::moment("When it was started."))
        .field("lastCompleted", Schema::moment("When it ended."))
        .field("phase", Schema::string("Phase it was seen in."))
}

fn inventory() -> Schema {
    let entry = Schema::object("An object of the release.")
        .required("id", Schema::string("`<namespace>_<name>_<group>_<kind>`."))
        .required("v", Schema::string("API version without the group."));
    Schema::object("Objects of the release.")
        .required("entries", Schema::list("The objects, in manifest order.", entry))
}
