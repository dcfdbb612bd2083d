//! How the chart of a HelmRelease is rendered and post-rendered (spec 05 §1, §8).

use pilothouse_api::Kustomize;
use pilothouse_chart::{
    CommonMetadata, Image, Kustomization, Origin, Patch, PostRender, PostRenderStrategy, Selector,
};
use pilothouse_helm::RenderOptions;

use crate::Subject;

/// Options of rendering. Every object is stamped with its origin, so post-rendering is always on.
#[must_use]
pub fn render_options(subject: &Subject, disable_schema_validation: bool) -> RenderOptions {
    RenderOptions {
        disable_schema_validation,
        post_render: Some(post_render(subject)),
        resolve_hosts: subject.config.gates.allow_dns_lookups,
    }
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
    let kustomizations =
        spec.post_renderers.iter().flatten().filter_map(|renderer| renderer.kustomize.as_ref());
    let common_metadata = spec.common_metadata.as_ref().map(|metadata| CommonMetadata {
        labels: metadata.labels.clone(),
        annotations: metadata.annotations.clone(),
    });
    let own = &subject.release.metadata;
    PostRender {
        strategy,
        kustomizations: kustomizations.map(kustomization).collect(),
        common_metadata,
        origin: Origin { name: own.name.clone(), namespace: own.namespace.clone() },
    }
}

fn kustomization(kustomize: &Kustomize) -> Kustomization {
    let patches = kustomize
        .patches
        .iter()
        .map(|patch| Patch { patch: patch.patch.clone(), target: patch.target.as_ref().map(selector) });
    let images = kustomize.images.iter().map(|image| Image {
        name: image.name.clone(),
        new_name: image.new_name.clone(),
        new_tag: image.new_tag.clone(),
        digest: image.digest.clone(),
    });
    Kustomization { patches: patches.collect(), images: images.collect() }
}

/// A selector of the API as one that can be used.
pub(crate) fn selector(selector: &pilothouse_api::Selector) -> Selector {
    Selector {
        group: selector.group.clone(),
        version: selector.version.clone(),
        kind: selector.kind.clone(),
        name: selector.name.clone(),
        namespace: selector.namespace.clone(),
        label_selector: selector.label_selector.clone(),
        annotation_selector: selector.annotation_selector.clone(),
    }
}
