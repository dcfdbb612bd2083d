//! Schemas of the options of the actions (spec 01 §2.4 to §2.6).

use serde_json::json;

use super::schema::Schema;

/// `spec.install`.
pub(super) fn install() -> Schema {
    let strategy = strategy().rule(
        "!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
        ".retryInterval cannot be set when .name is 'RemediateOnFailure'",
    );
    release_action("Options of Helm installs.")
        .field("strategy", strategy)
        .field("remediation", remediation("What happens after a failed install: the release is uninstalled."))
        .field("replace", Schema::boolean("Reuse the name of a release that is only left in the history."))
        .field(
            "createNamespace",
            Schema::boolean(
                "Create `spec.targetNamespace` when it does not exist. The namespace is never deleted.",
            ),
        )
        .field("serverSideApply", Schema::boolean("Use server-side apply. Defaults to true."))
        .field("skipCRDs", Schema::boolean("Deprecated and without effect: use `crds`."))
}

/// `spec.upgrade`.
pub(super) fn upgrade() -> Schema {
    let strategy = strategy().rule(
        "!has(self.retryInterval) || self.name == 'RetryOnFailure'",
        ".retryInterval can only be set when .name is 'RetryOnFailure'",
    );
    let remediation = remediation("What happens after a failed upgrade.").field(
        "strategy",
        Schema::one_of(
            "How a failed upgrade is remediated. Defaults to `rollback`.",
            &["rollback", "uninstall"],
        ),
    );
    release_action("Options of Helm upgrades.")
        .field("strategy", strategy)
        .field("remediation", remediation)
        .field("force", Schema::boolean("Replace objects instead of patching them."))
        .field("preserveValues", Schema::boolean("Merge the values into those of the last release."))
        .field("cleanupOnFail", Schema::boolean("Delete the objects that a failed upgrade has created."))
        .field("serverSideApply", apply_mode())
        .field(
            "chartNameChangeStrategy",
            Schema::one_of(
                "What happens when the chart gets another name: `InPlaceUpdate` upgrades the release, `Reinstall` \
                 uninstalls it first. Defaults to `Reinstall`.",
                &["InPlaceUpdate", "Reinstall"],
            ),
        )
}

/// `spec.test`.
pub(super) fn test() -> Schema {
    let filter = Schema::object("Selects a test hook.")
        .required("name", Schema::text("Name of the test hook.", 1, 253))
        .field("exclude", Schema::boolean("Leave the hook out instead of running only the named ones."));
    Schema::object("Options of Helm tests.")
        .field("enable", Schema::boolean("Run the test hooks after an install or upgrade."))
        .field("timeout", timeout())
        .field(
            "ignoreFailures",
            Schema::boolean("A failed test does not make the release fail. Remediations can override this."),
        )
        .field("filters", Schema::list("Which test hooks run; all when empty.", filter))
}

/// `spec.rollback`.
pub(super) fn rollback() -> Schema {
    Schema::object("Options of Helm rollbacks.")
        .field("timeout", timeout())
        .field("disableWait", wait())
        .field("disableWaitForJobs", wait_for_jobs())
        .field("disableHooks", hooks())
        .field("recreate", Schema::boolean("Deprecated and without effect."))
        .field("force", Schema::boolean("Replace objects instead of patching them."))
        .field("cleanupOnFail", Schema::boolean("Delete the objects that a failed rollback has created."))
        .field("serverSideApply", apply_mode())
}

/// `spec.uninstall`.
pub(super) fn uninstall() -> Schema {
    let propagation = Schema::one_of(
        "How dependents of the deleted objects are treated.",
        &["background", "foreground", "orphan"],
    );
    Schema::object("Options of Helm uninstalls.")
        .field("timeout", timeout())
        .field("disableHooks", hooks())
        .field("keepHistory", Schema::boolean("Keep the release in the Helm storage, as uninstalled."))
        .field("disableWait", Schema::boolean("Do not wait until the objects are gone."))
        .field("deletionPropagation", propagation.default(json!("background")))
}

/// What install and upgrade have in common.
fn release_action(description: &str) -> Schema {
    Schema::object(description)
        .field("timeout", timeout())
        .field("disableTakeOwnership", Schema::boolean("Refuse objects that belong to another release or to nobody."))
        .field("disableWait", wait())
        .field("disableWaitForJobs", wait_for_jobs())
        .field("disableHooks", hooks())
        .field(
            "disableOpenAPIValidation",
            Schema::boolean("Do not validate the rendered objects against the OpenAPI schema of the cluster."),
        )
        .field("disableSchemaValidation", Schema::boolean("Do not validate the values against the chart's schema."))
        .field(
            "crds",
            Schema::one_of(
                "What happens to the files in `crds/` of the chart: `Skip` leaves them out, `Create` creates those \
                 that do not exist, `CreateReplace` also replaces those that exist. Definitions are never deleted.",
                &["Skip", "Create", "CreateReplace"],
            ),
        )
}

fn strategy() -> Schema {
    Schema::object("What happens after a failure.")
        .required(
            "name",
            Schema::one_of(
                "`RemediateOnFailure` remediates as `remediation` says; `RetryOnFailure` tries again and never \
                 remediates.",
                &["RemediateOnFailure", "RetryOnFailure"],
            ),
        )
        .field("retryInterval", Schema::duration("Time between two tries of `RetryOnFailure`. Defaults to 5m0s."))
}

fn remediation(description: &str) -> Schema {
    Schema::object(description)
        .field(
            "retries",
            Schema::integer(
                "How many times the action is tried again after a failure; a negative number means no end.",
            ),
        )
        .field(
            "ignoreTestFailures",
            Schema::boolean("Do not remediate after failed tests. Defaults to `spec.test.ignoreFailures`."),
        )
        .field("remediateLastFailure", Schema::boolean("Remediate when no retry is left, too."))
}

fn timeout() -> Schema {
    Schema::duration("How long each wait of the action lasts at most. Defaults to `spec.timeout`.")
}

fn wait() -> Schema {
    Schema::boolean("Do not wait until the objects are ready.")
}

fn wait_for_jobs() -> Schema {
    Schema::boolean("Do not wait until jobs are complete.")
}

fn hooks() -> Schema {
    Schema::boolean("Do not run the hooks of the chart.")
}

fn apply_mode() -> Schema {
    Schema::one_of(
        "Whether server-side apply is used; `auto` keeps what the previous release used. Defaults to `auto`.",
        &["enabled", "disabled", "auto"],
    )
}
