//! The flags of `pilothouse template`, with the names and value forms of `helm template`.

use clap::{ArgAction, Args, ValueEnum};

use super::TemplateError;
use crate::charts::{ValueFlags, comma_list};
use crate::flags::parse_bool;

/// What is printed instead of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// The release as JSON on one line.
    Json,
    /// The release as YAML.
    Yaml,
}

/// The flags. A later occurrence of a flag overrides an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[command(args_override_self = true)]
pub struct TemplateFlags {
    /// Name of the release; release-name when only a chart is given.
    #[arg(value_names = ["NAME", "CHART"], required = true, num_args = 1.., help = "Name of the release (release-name \
          when left out), and the chart: a folder or a .tgz file")]
    pub arguments: Vec<String>,
    /// Namespace of the release [default: the environment variable HELM_NAMESPACE, or default].
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// Values.
    #[command(flatten)]
    pub values: ValueFlags,
    /// Version of Kubernetes that templates see, such as 1.34.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub kube_version: String,
    /// API versions that templates see besides those of Kubernetes; several with commas or by repetition.
    #[arg(short, long, value_name = "API-VERSION", value_parser = comma_list)]
    pub api_versions: Vec<Vec<String>>,
    /// Set .Release.IsUpgrade instead of .Release.IsInstall.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub is_upgrade: bool,
    /// Print the definitions of crds/ too.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub include_crds: bool,
    /// Leave test hooks out.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub skip_tests: bool,
    /// Leave hooks out.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub no_hooks: bool,
    /// Print only what these templates render, templates/x.yaml; shell patterns are allowed.
    #[arg(short, long, value_name = "TEMPLATE", allow_hyphen_values = true)]
    pub show_only: Vec<String>,
    /// A template for the name of the release.
    #[arg(
        long,
        value_name = "TEMPLATE",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub name_template: String,
    /// Make a name of the chart's and the time, with -o; no NAME is given then.
    #[arg(short, long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub generate_name: bool,
    /// Write files to this folder instead of printing.
    #[arg(long, value_name = "FOLDER", default_value = "", hide_default_value = true)]
    pub output_dir: String,
    /// Put the name of the release into the paths of --output-dir.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub release_name: bool,
    /// Do not check the values against the schemas of the charts.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub skip_schema_validation: bool,
    /// Add the notes of subcharts, with -o.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub render_subchart_notes: bool,
    /// Print the release with manifest, hooks, notes and values, as helm install --dry-run=client -o does.
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<OutputFormat>,
    /// Print what was rendered even when it is no YAML.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub debug: bool,
    /// Flags that are not supported, and those that change nothing here.
    #[command(flatten)]
    pub others: OtherFlags,
}

/// Flags of `helm template` that are refused, and those that have no effect without a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct OtherFlags {
    /// Needs a cluster.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1,
          require_equals = true, action = ArgAction::Set, value_parser = parse_bool)]
    pub validate: bool,
    /// `client`, which is what is done; `server` needs a cluster.
    #[arg(long, hide = true, default_missing_value = "unset", num_args = 0..=1, require_equals = true)]
    pub dry_run: Option<String>,
    /// Needs repositories.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1,
          require_equals = true, action = ArgAction::Set, value_parser = parse_bool)]
    pub dependency_update: bool,
    /// Needs repositories.
    #[arg(long, hide = true, default_value = "")]
    pub repo: String,
    /// Needs keys.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1,
          require_equals = true, action = ArgAction::Set, value_parser = parse_bool)]
    pub verify: bool,
    /// Needs the network.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1,
          require_equals = true, action = ArgAction::Set, value_parser = parse_bool)]
    pub enable_dns: bool,
    /// Needs plugins.
    #[arg(long, hide = true, default_value = "")]
    pub post_renderer: String,
    /// No effect: nothing is validated against a cluster.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub disable_openapi_validation: Option<String>,
    /// No effect without a cluster.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub create_namespace: Option<String>,
    /// No effect without a cluster.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub skip_crds: Option<String>,
    /// No effect: notes are not printed.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub hide_notes: Option<String>,
    /// No effect: nothing is waited for.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "watcher")]
    pub wait: Option<String>,
    /// No effect: nothing is waited for.
    #[arg(long, hide = true)]
    pub timeout: Option<String>,
    /// No effect: labels are no part of what is printed.
    #[arg(short, long, hide = true)]
    pub labels: Vec<String>,
    /// No effect: the release is not stored.
    #[arg(long, hide = true)]
    pub description: Option<String>,
    /// No effect on a chart in a folder or file.
    #[arg(long, hide = true)]
    pub version: Option<String>,
    /// No effect on a chart in a folder or file.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub devel: Option<String>,
    /// No effect without a cluster.
    #[arg(long, hide = true)]
    pub kubeconfig: Option<String>,
    /// No effect without a cluster.
    #[arg(long, hide = true)]
    pub kube_context: Option<String>,
}

/// What Helm says behind the name of a flag that it is going to remove.
const NO_EFFECT: &str = "this flag has no effect for 'helm template' and will be removed in Helm 5";

impl TemplateFlags {
    /// Refuses flags that need something that is not there.
    pub(super) fn refuse_unsupported(&self) -> Result<(), TemplateError> {
        const CLUSTER: &str = "there is no cluster to ask";
        const REPOSITORY: &str = "charts and dependencies are not downloaded";
        let others = &self.others;
        let refused = [
            (others.validate, "--validate", CLUSTER),
            (others.dry_run.as_deref() == Some("server"), "--dry-run=server", CLUSTER),
            (others.dependency_update, "--dependency-update", REPOSITORY),
            (!others.repo.is_empty(), "--repo", REPOSITORY),
            (others.verify, "--verify", "signatures are not checked"),
            (others.enable_dns, "--enable-dns", "templates do not reach the network"),
            (!others.post_renderer.is_empty(), "--post-renderer", "no programs are run"),
            (
                self.output.is_some() && !self.output_dir.is_empty(),
                "--output-dir with --output",
                "a release is printed or its objects are written to files",
            ),
        ];
        if let Some((_, flag, reason)) = refused.into_iter().find(|(is_set, ..)| *is_set) {
            return Err(TemplateError::Unsupported { flag, reason });
        }
        match others.dry_run.as_deref() {
            None | Some("unset" | "client") => Ok(()),
            Some(text) if parse_bool(text) == Ok(true) => Ok(()),
            Some(text) => Err(TemplateError::DryRun(text.to_owned())),
        }
    }

    /// What is said about old flags.
    pub(super) fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        let is_template = self.output.is_none();
        for (flag, is_set) in [
            ("hide-notes", self.others.hide_notes.is_some()),
            ("render-subchart-notes", self.render_subchart_notes),
        ] {
            if is_set && is_template {
                notices.push(format!("Flag --{flag} has been deprecated, {NO_EFFECT}"));
            }
        }
        notices
    }
}
