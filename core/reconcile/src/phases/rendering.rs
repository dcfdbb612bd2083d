//! How the chart of a HelmRelease is rendered and post-rendered (spec 05 §1, §8).

use pilothouse_chart::{CommonMetadata, Origin, PostRender, PostRenderStrategy};
use pilothouse_helm::RenderOptions;

use crate::Subject;

/// Options of rendering. Every object is stamped with its origin, so post-rendering is always on.
#[must_use]
pub fn render_options(subject: &Subject, disable_schema_validation: bool) -> RenderOptions {
    RenderOptions { disable_schema_validation, post_render: Some(post_render(subject)) }
}

fn post_render(subject: &Subject) -> PostRender {
    let spec = &subject.release.spec;
    let strategy = match spec.post_render_strategy.as_deref() {
        Some("nohooks") => PostRenderStrategy::NoHooks,
        Some("separate") => PostRenderStrategy::Separate,
        Some(_) => PostRenderStrategy::Combined,
        None if subject.config.gates.use_helm3_defaults => PostRenderStrategy::NoHooks,
        None => PostRenderStrategy::Combined,
    };
    let common_metadata = spec.common_metadata.as_ref().map(|metadata| CommonMetadata {
        labels: metadata.labels.clone(),
        annotations: metadata.annotations.clone(),
    });
    let own = &subject.release.metadata;
    PostRender {
        strategy,
        common_metadata,
        origin: Origin { name: own.name.clone(), namespace: own.namespace.clone() },
    }
}
