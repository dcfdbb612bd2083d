//! Schema of `spec`, except the options of the actions (spec 01 §2).

use serde_json::json;

use super::actions;
use super::schema::Schema;

/// Pattern of `valuesFrom[].valuesKey`.
const VALUES_KEY: &str = r"^[\-._a-zA-Z0-9]+$";
/// Pattern of `valuesFrom[].targetPath`.
const TARGET_PATH: &str = r"^([a-zA-Z0-9_\-.\\\/]|\[[0-9]{1,5}\])+$";
/// Message of both rules of `spec.kubeConfig`.
const ONE_KUBE_CONFIG: &str =
    "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified";

/// `spec`.
pub(super) fn spec() -> Schema {
    let spec = Schema::object("The wanted release.")
        .required("interval", Schema::duration("Time between two reconciles."))
        .field("chart", chart())
        .field("chartRef", chart_ref())
        .field("suspend", Schema::boolean("Do nothing until this is false again."))
        .field(
            "dependsOn",
            Schema::list("Releases that must be ready before this one is reconciled.", dependency()),
        )
        .rule(
            "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))",
            "either chart or chartRef must be set",
        );
    rendering(target(spec))
        .field(
            "timeout",
            Schema::duration("How long each wait of an action lasts at most. Defaults to 5m0s."),
        )
        .field(
            "maxHistory",
            Schema::integer("Revisions kept in the Helm storage; 0 keeps all. Defaults to 5."),
        )
        .field("driftDetection", drift_detection())
        .field("waitStrategy", wait_strategy())
        .field(
            "healthCheckExprs",
            Schema::list("CEL expressions that tell the health of custom resources.", health()),
        )
        .field("install", actions::install())
        .field("upgrade", actions::upgrade())
        .field("test", actions::test())
        .field("rollback", actions::rollback())
        .field("uninstall", actions::uninstall())
}

fn target(spec: Schema) -> Schema {
    spec.field("kubeConfig", kube_config())
        .field(
            "releaseName",
            Schema::text("Helm release name. Defaults to `[<targetNamespace>-]<name>`.", 1, 53),
        )
        .field("targetNamespace", Schema::text("Release namespace. Defaults to the object's.", 1, 63))
        .field(
            "storageNamespace",
            Schema::text("Namespace of the Helm storage. Defaults to the object's.", 1, 63),
        )
        .field("serviceAccountName", Schema::text("Service account that is impersonated.", 1, 253))
        .field("persistentClient", Schema::boolean("Share clients within a reconcile. Defaults to true."))
}

fn rendering(spec: Schema) -> Schema {
    spec.field("values", Schema::anything("Values of the release."))
        .field(
            "valuesFrom",
            Schema::list("Values from ConfigMaps and Secrets, merged in order.", values_reference()),
        )
        .field(
            "commonMetadata",
            Schema::object("Labels and annotations of every object; they override those of the chart.")
                .field("labels", Schema::labels("Labels."))
                .field("annotations", Schema::labels("Annotations.")),
        )
        .field("postRenderers", Schema::list("Changes to the rendered objects, in order.", post_renderer()))
        .field(
            "postRenderStrategy",
            Schema::one_of(
                "How hooks are post-rendered: not at all, together with the other objects, or on their own. \
                 Defaults to `combined`.",
                &["nohooks", "combined", "separate"],
            ),
        )
}

fn chart() -> Schema {
    let metadata = Schema::object("Metadata of the HelmChart.")
        .field("labels", Schema::labels("Labels."))
        .field("annotations", Schema::labels("Annotations."));
    Schema::object("Template of the HelmChart that is managed for this release.")
        .field("metadata", metadata)
        .required("spec", chart_spec())
}

fn chart_spec() -> Schema {
    Schema::object("Spec of the HelmChart.")
        .required("chart", Schema::text("Name of the chart, or its path in the source.", 1, 2048))
        .required("sourceRef", source_ref())
        .field("version", Schema::string("Version or range of versions.").default(json!("*")))
        .field(
            "interval",
            Schema::duration("Time between two looks for updates. Defaults to `spec.interval`."),
        )
        .field(
            "reconcileStrategy",
            Schema::one_of(
                "What makes a new artifact: a new chart version, or a new revision of the source.",
                &["ChartVersion", "Revision"],
            )
            .default(json!("ChartVersion")),
        )
        .field(
            "valuesFiles",
            Schema::list("Files in the source that replace `values.yaml`.", item("A path.")),
        )
        .field("ignoreMissingValuesFiles", Schema::boolean("Leave out values files that do not exist."))
        .field("verify", verification())
}

fn source_ref() -> Schema {
    reference("Source of the chart.", &["HelmRepository", "GitRepository", "Bucket"])
}

fn chart_ref() -> Schema {
    reference(
        "Source object whose artifact is the chart.",
        &["OCIRepository", "HelmChart", "ExternalArtifact"],
    )
}

fn reference(description: &str, kinds: &[&str]) -> Schema {
    Schema::object(description)
        .field("apiVersion", Schema::string("API version of the source; not needed."))
        .required("kind", Schema::one_of("Kind of the source.", kinds))
        .required("name", Schema::text("Name of the source.", 1, 253))
        .field("namespace", Schema::text("Namespace of the source. Defaults to the object's.", 1, 63))
}

fn verification() -> Schema {
    let provider = Schema::one_of("Technology of the signature.", &["cosign", "notation"]);
    Schema::object("Verification of the signature of an OCI chart.")
        .required("provider", provider.default(json!("cosign")))
        .field("secretRef", local_reference("Secret with the trusted keys."))
}

fn kube_config() -> Schema {
    let secret = local_reference("Secret with a kubeconfig.")
        .field("key", Schema::string("Key in the Secret. Defaults to `value`, then `value.yaml`."));
    Schema::object("Cluster that the release is made in. Defaults to the one of this object.")
        .field("secretRef", secret)
        .field("configMapRef", local_reference("ConfigMap that says how to authenticate with a provider."))
        .rule("has(self.configMapRef) || has(self.secretRef)", ONE_KUBE_CONFIG)
        .rule("!has(self.configMapRef) || !has(self.secretRef)", ONE_KUBE_CONFIG)
}

fn local_reference(description: &str) -> Schema {
    Schema::object(description).required("name", Schema::string("Name, in the namespace of this object."))
}

fn dependency() -> Schema {
    Schema::object("A release that this one depends on.")
        .required("name", Schema::string("Name."))
        .field("namespace", Schema::string("Namespace. Defaults to the object's."))
        .field(
            "readyExpr",
            Schema::string("CEL over `self` and `dep` that replaces the built-in readiness check."),
        )
}

fn drift_detection() -> Schema {
    let rule = Schema::object("Paths that are not compared.")
        .required(
            "paths",
            Schema::list("JSON pointers; the empty one excludes the object.", item("A JSON pointer.")),
        )
        .field("target", selector("Objects that the rule is for; all when absent."));
    let mode = Schema::one_of(
        "Correct drift, only report it, or do not look for it.",
        &["enabled", "warn", "disabled"],
    );
    Schema::object("Detection of differences between the release and the cluster.")
        .field("mode", mode)
        .field("ignore", Schema::list("What is not compared.", rule))
}

fn selector(description: &str) -> Schema {
    Schema::object(description)
        .field("group", Schema::string("Regular expression of the API group."))
        .field("version", Schema::string("Regular expression of the API version."))
        .field("kind", Schema::string("Regular expression of the kind."))
        .field("name", Schema::string("Regular expression of the name."))
        .field("namespace", Schema::string("Regular expression of the namespace."))
        .field("labelSelector", Schema::string("Selector over the labels."))
        .field(
            "annotationSelector",
            Schema::string("Selector over the annotations, in the syntax of label selectors."),
        )
}

fn post_renderer() -> Schema {
    let patch = Schema::object("A patch.")
        .required("patch", Schema::string("Strategic merge patch, or JSON 6902 patch with a target."))
        .field("target", selector("Objects that are patched."));
    let image = Schema::object("A replacement of an image.")
        .required("name", Schema::string("Image without tag."))
        .field("newName", Schema::string("New image."))
        .field("newTag", Schema::string("New tag."))
        .field("digest", Schema::string("Digest instead of a tag."));
    let kustomize = Schema::object("Changes in the way of Kustomize.")
        .field("patches", Schema::list("Patches, in order.", patch))
        .field("images", Schema::list("Replacements of images.", image));
    Schema::object("A post-renderer.").field("kustomize", kustomize)
}

fn wait_strategy() -> Schema {
    Schema::object("How readiness is found out.").required(
        "name",
        Schema::one_of(
            "`poller` knows the status of every kind, `legacy` is that of Helm 3.",
            &["poller", "legacy"],
        ),
    )
}

fn health() -> Schema {
    Schema::object("Health of the objects of a kind, as CEL over the object.")
        .required("apiVersion", Schema::string("API version of the kind."))
        .field("kind", Schema::string("The kind."))
        .required("current", Schema::string("True when the object is ready."))
        .field("inProgress", Schema::string("True when the object is on its way."))
        .field("failed", Schema::string("True when the object has failed."))
}

fn values_reference() -> Schema {
    Schema::object("Values from a ConfigMap or Secret.")
        .required("kind", Schema::one_of("Kind of the object.", &["Secret", "ConfigMap"]))
        .required("name", Schema::text("Name, in the namespace of this object.", 1, 253))
        .field(
            "valuesKey",
            Schema::string("Key of the values. Defaults to `values.yaml`.")
                .max_length(253)
                .pattern(VALUES_KEY),
        )
        .field(
            "targetPath",
            Schema::string(
                "Dotted path at which the value is set. The values are merged at the root by default.",
            )
            .max_length(250)
            .pattern(TARGET_PATH),
        )
        .field("optional", Schema::boolean("A missing object or key is no error."))
        .field("literal", Schema::boolean("Set the text as it is at `targetPath`."))
}

fn item(description: &str) -> Schema {
    Schema::string(description)
}
