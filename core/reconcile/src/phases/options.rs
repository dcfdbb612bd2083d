//! From the spec of a HelmRelease to the options of Helm's actions (spec 05 §2 to §4).

use std::sync::Arc;

use pilothouse_api::Snapshot;
use pilothouse_encoding::duration::GoDuration;
use pilothouse_helm::{
    ActionConfig, CrdsPolicy, HelmError, InstallOptions, RollbackOptions, ServerSideApply, TestFilters,
    TestOptions, UninstallOptions, UpgradeOptions, WaitOptions, WaitStrategy,
};
use pilothouse_protocol::Propagation;

use super::decide::ReleaseState;
use super::desired::Desired;
use super::rendering::render_options;
use crate::Subject;

/// What all actions on the wanted release have in common.
#[must_use]
pub fn desired_config(subject: &Subject) -> ActionConfig {
    let release = &subject.release;
    action_config(
        subject,
        &release.short_release_name(),
        release.release_namespace(),
        release.storage_namespace(),
    )
}

/// What all actions on a release have in common.
#[must_use]
pub fn action_config(
    subject: &Subject,
    release_name: &str,
    release_namespace: &str,
    storage_namespace: &str,
) -> ActionConfig {
    ActionConfig {
        release_name: release_name.to_owned(),
        release_namespace: release_namespace.to_owned(),
        storage_namespace: storage_namespace.to_owned(),
        origin: subject.key(),
        holder: subject.config.holder.clone(),
    }
}

/// Options of an install.
///
/// # Errors
/// When an option does not make sense.
pub fn install(subject: &Subject, desired: &Desired) -> Result<InstallOptions, HelmError> {
    let spec = &subject.release.spec;
    let own = spec.install();
    let timeout = spec.action_timeout(own.timeout);
    Ok(InstallOptions {
        chart: Arc::clone(&desired.chart),
        values: desired.values.clone(),
        render: render_options(subject, own.disable_schema_validation),
        wait: wait_options(subject, timeout, own.disable_wait, own.disable_wait_for_jobs),
        server_side_apply: own.server_side_apply.unwrap_or(!subject.config.gates.use_helm3_defaults),
        take_ownership: !own.disable_take_ownership,
        disable_hooks: own.disable_hooks,
        // Only honoured for a namespace that was asked for (spec 05 §2).
        create_namespace: own.create_namespace && spec.target_namespace.is_some(),
        replace: own.replace,
        crds: CrdsPolicy::parse(own.crds.as_deref().unwrap_or_default())?,
        max_history: spec.max_history(),
    })
}

/// Options of an upgrade of a release in this state.
///
/// # Errors
/// When an option does not make sense.
pub fn upgrade(
    subject: &Subject,
    desired: &Desired,
    state: &ReleaseState,
) -> Result<UpgradeOptions, HelmError> {
    let spec = &subject.release.spec;
    let own = spec.upgrade();
    let timeout = spec.action_timeout(own.timeout);
    Ok(UpgradeOptions {
        chart: Arc::clone(&desired.chart),
        values: desired.values.clone(),
        render: render_options(subject, own.disable_schema_validation),
        wait: wait_options(subject, timeout, own.disable_wait, own.disable_wait_for_jobs),
        server_side_apply: server_side_apply(own.server_side_apply.as_deref()),
        force: own.force,
        preserve_values: own.preserve_values,
        take_ownership: !own.disable_take_ownership,
        after_failure: !matches!(state, ReleaseState::InSync | ReleaseState::OutOfSync(_)),
        disable_hooks: own.disable_hooks,
        cleanup_on_fail: own.cleanup_on_fail,
        crds: CrdsPolicy::parse(own.crds.as_deref().unwrap_or_default())?,
        max_history: spec.max_history(),
    })
}

/// Options of a test. Tests are always waited for.
#[must_use]
pub fn test(subject: &Subject) -> TestOptions {
    let spec = &subject.release.spec;
    let own = spec.test();
    let names = |exclude: bool| {
        let filters = own.filters.iter().filter(|filter| filter.exclude == exclude);
        filters.map(|filter| filter.name.clone()).collect()
    };
    TestOptions {
        wait: WaitOptions {
            strategy: WaitStrategy::Watcher,
            reader: subject.health_checks.clone(),
            ..WaitOptions::new(nanos(spec.action_timeout(own.timeout)))
        },
        filters: TestFilters { include: names(false), exclude: names(true) },
    }
}

/// Options of a rollback to a snapshot.
#[must_use]
pub fn rollback(subject: &Subject, target: &Snapshot) -> RollbackOptions {
    let spec = &subject.release.spec;
    let own = spec.rollback();
    let timeout = spec.action_timeout(own.timeout);
    RollbackOptions {
        version: target.version,
        server_side_apply: server_side_apply(own.server_side_apply.as_deref()),
        force: own.force,
        wait: wait_options(subject, timeout, own.disable_wait, own.disable_wait_for_jobs),
        disable_hooks: own.disable_hooks,
        cleanup_on_fail: own.cleanup_on_fail,
        max_history: spec.max_history(),
    }
}

/// Options of an uninstall.
#[must_use]
pub fn uninstall(subject: &Subject) -> UninstallOptions {
    let spec = &subject.release.spec;
    let own = spec.uninstall();
    let timeout = spec.action_timeout(own.timeout);
    UninstallOptions {
        // Hooks of an uninstall are not subject to health checks.
        wait: WaitOptions { reader: None, ..wait_options(subject, timeout, own.disable_wait, false) },
        disable_hooks: own.disable_hooks,
        keep_history: own.keep_history,
        deletion_propagation: match own.deletion_propagation.as_deref() {
            Some("foreground") => Propagation::Foreground,
            Some("orphan") => Propagation::Orphan,
            _ => Propagation::Background,
        },
    }
}

fn wait_options(
    subject: &Subject,
    timeout: GoDuration,
    disable_wait: bool,
    disable_jobs: bool,
) -> WaitOptions {
    let legacy = match subject.release.spec.wait_strategy.as_ref().map(|strategy| strategy.name.as_str()) {
        Some("legacy") => true,
        Some(_) => false,
        None => subject.config.gates.use_helm3_defaults,
    };
    let strategy = match (disable_wait, legacy) {
        (true, _) => WaitStrategy::HookOnly,
        (false, true) => WaitStrategy::Legacy,
        (false, false) => WaitStrategy::Watcher,
    };
    let reader = subject.health_checks.clone();
    WaitOptions { strategy, jobs: !disable_jobs, reader, ..WaitOptions::new(nanos(timeout)) }
}

fn server_side_apply(option: Option<&str>) -> ServerSideApply {
    match option {
        Some("enabled") => ServerSideApply::Enabled,
        Some("disabled") => ServerSideApply::Disabled,
        _ => ServerSideApply::Auto,
    }
}

fn nanos(duration: GoDuration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or_default()
}
